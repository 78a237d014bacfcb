"""Train a tiny model with TRL on each form of the training data, for two steps, to see whether the files are accepted.

    python scripts/try_trainers.py FOLDER        (in an environment with trl; `make trainers` makes both)

FOLDER contains `train.jsonl`, `native.jsonl`, `preferences.jsonl`, `rewards.jsonl`. The model has random weights and a
few thousand parameters, and the tokenizer is made from the files: no download, and no useful model.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

STEPS = 2
MOST_TOKENS = 8192
"""Maximum length of prompt and completion: trainers leave out a row whose completion would be cut off."""

CHAT_TEMPLATE = """{%- if tools %}<|tools|>{{ tools | tojson }}<|end|>{% endif %}
{%- for message in messages %}<|{{ message.role }}|>{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}<|call|>{{ call.function.name }} {{ call.function.arguments | string }}
{%- endfor %}<|end|>{% endfor %}
{%- if add_generation_prompt %}<|assistant|>{% endif %}"""

MARKS = ["<|pad|>", "<|end|>", "<|call|>", "<|tools|>", "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>"]


def main(argv: Sequence[str] | None = None) -> int:
    """Try every form; print one line each; return 1 where a trainer refused its file or gave no number."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="holds the four files of training data")
    folder = parser.parse_args(argv).folder
    tokenizer = _tokenizer(sorted(folder.glob("*.jsonl")))
    tried: dict[str, Callable[[Path], float]] = {
        "train.jsonl": lambda out: _tuned(folder / "train.jsonl", tokenizer, out),
        "native.jsonl": lambda out: _tuned(folder / "native.jsonl", tokenizer, out),
        "rewards.jsonl": lambda out: _tuned(folder / "rewards.jsonl", tokenizer, out),
        "preferences.jsonl": lambda out: _preferring(folder / "preferences.jsonl", tokenizer, out),
    }
    failed = 0
    for name, act in tried.items():
        with tempfile.TemporaryDirectory() as out:
            loss = act(Path(out))
        failed += not math.isfinite(loss)
        print(f"{name}: {STEPS} steps, loss {loss:.3f}", flush=True)
    return int(failed > 0)


def _tokenizer(files: Sequence[Path]) -> PreTrainedTokenizerFast:
    """Return a byte-level tokenizer of 1,024 pieces, made from the files."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train([str(file) for file in files], trainers.BpeTrainer(vocab_size=1024, special_tokens=MARKS))
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=MARKS[0], eos_token=MARKS[1], chat_template=CHAT_TEMPLATE
    )


def _model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=MOST_TOKENS, **shape))


def _rows(file: Path) -> Dataset:
    """Return the file as a user loads it; columns that no trainer reads are left out by the trainers."""
    return load_dataset("json", data_files=str(file), split="train")


def _how(out: Path) -> dict[str, Any]:
    return {
        "output_dir": str(out), "max_steps": STEPS, "per_device_train_batch_size": 1, "use_cpu": True, "bf16": False,
        "logging_steps": 1, "save_strategy": "no", "report_to": "none", "max_length": MOST_TOKENS,
    }  # fmt: skip


def _tuned(file: Path, tokenizer: PreTrainedTokenizerFast, out: Path) -> float:
    trainer = SFTTrainer(
        _model(tokenizer), SFTConfig(**_how(out)), train_dataset=_rows(file), processing_class=tokenizer
    )
    return float(trainer.train().training_loss)


def _preferring(file: Path, tokenizer: PreTrainedTokenizerFast, out: Path) -> float:
    trainer = DPOTrainer(
        _model(tokenizer),
        _model(tokenizer),
        args=DPOConfig(**_how(out)),
        train_dataset=_rows(file),
        processing_class=tokenizer,
    )
    return float(trainer.train().training_loss)


if __name__ == "__main__":
    sys.exit(main())
