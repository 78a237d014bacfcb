#!/usr/bin/env bash
# Plays the shard that Slurm, Kubernetes or AWS Batch names, with the flags of `arena run`, into $RUNS/shard-<index>.
# When started again, it resumes.
set -euo pipefail
: "${RUNS:?set RUNS to a folder that every shard can write to}"
index="${SLURM_ARRAY_TASK_ID:-${JOB_COMPLETION_INDEX:-${AWS_BATCH_JOB_ARRAY_INDEX:-}}}"
: "${index:?no scheduler names a shard: start this as a task of an array (docs/many-machines.md)}"
out="$RUNS/shard-$index"
resume=()
if [[ -e $out/manifest.json ]]; then resume=(--resume); fi
# exec: the scheduler's signals reach the arena itself, which then ends cleanly.
exec "${PYTHON:-python3}" -m arena run --shard auto --out "$out" "${resume[@]}" "$@"
