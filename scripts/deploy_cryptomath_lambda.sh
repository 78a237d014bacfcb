#!/usr/bin/env bash
# Deploy the calculator to AWS Lambda and print its function URL: scripts/deploy_cryptomath_lambda.sh [--package ZIP]
#
# Values come from the environment and .env (rules: docs/configuration.md; variables: docs/lambda.md). A second run
# changes only what differs. Standard output: the URL alone. Exit codes: 0, 1 AWS refused, 2 a value or tool is missing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $2"; exit "$1"; }

package=
while (($#)); do
  case $1 in
    --package) [[ $# -ge 2 ]] || die 2 "--package needs a ZIP file"; package=$2; shift 2 ;;
    -h | --help) sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) die 2 "unknown argument $1; --package ZIP is the only one" ;;
  esac
done

values=$("$python" "$root/scripts/dotenv_values.py" AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN \
  AWS_REGION AWS_DEFAULT_REGION LAMBDA_FUNCTION_NAME LAMBDA_ROLE_ARN LAMBDA_ARCHITECTURE LAMBDA_MEMORY_MB \
  LAMBDA_TIMEOUT_S LAMBDA_AUTH) || exit 2
eval "$values"

name=${LAMBDA_FUNCTION_NAME:-cryptomath}
role=${LAMBDA_ROLE_ARN:-}
architecture=${LAMBDA_ARCHITECTURE:-arm64}
memory=${LAMBDA_MEMORY_MB:-512}
timeout=${LAMBDA_TIMEOUT_S:-30}
auth=${LAMBDA_AUTH:-AWS_IAM}
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}

# Every wrong value is named in one go.
wrong=()
[[ $role ]] || wrong+=("LAMBDA_ROLE_ARN is missing: the ARN of the role that the function runs as")
[[ ! $role || $role =~ ^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$ ]] || wrong+=("LAMBDA_ROLE_ARN is not the ARN of a role")
[[ $region ]] || wrong+=("AWS_REGION is missing: the region of the function, such as eu-central-1")
[[ ${AWS_ACCESS_KEY_ID:-} || ! ${AWS_SECRET_ACCESS_KEY:-} ]] || wrong+=("AWS_ACCESS_KEY_ID is missing beside its secret")
[[ ${AWS_SECRET_ACCESS_KEY:-} || ! ${AWS_ACCESS_KEY_ID:-} ]] || wrong+=("AWS_SECRET_ACCESS_KEY is missing beside its id")
[[ $name =~ ^[A-Za-z0-9_-]{1,64}$ ]] || wrong+=("LAMBDA_FUNCTION_NAME: 1 to 64 letters, digits, - and _")
[[ $architecture == arm64 || $architecture == x86_64 ]] || wrong+=("LAMBDA_ARCHITECTURE: arm64 or x86_64")
[[ $memory =~ ^[0-9]{3,5}$ ]] && ((10#$memory >= 128 && 10#$memory <= 10240)) || wrong+=("LAMBDA_MEMORY_MB: 128 to 10240")
[[ $timeout =~ ^[0-9]{1,3}$ ]] && ((10#$timeout >= 1 && 10#$timeout <= 900)) || wrong+=("LAMBDA_TIMEOUT_S: 1 to 900")
[[ $auth == AWS_IAM || $auth == NONE ]] || wrong+=("LAMBDA_AUTH: AWS_IAM or NONE (anyone may call)")
if ((${#wrong[@]})); then
  for line in "${wrong[@]}"; do say "error: $line"; done
  die 2 "set them in .env or the environment (.env.example lists them)"
fi
# Without a leading zero, as AWS says them back.
memory=$((10#$memory)) timeout=$((10#$timeout))
command -v aws >/dev/null || die 2 "the AWS CLI is missing: https://docs.aws.amazon.com/cli, or pip install awscli"

aws_() { aws --region "$region" --output text --no-cli-pager "$@"; }
# AWS CLI version 1 has no pager, and no flag to switch it off.
if aws --version 2>&1 | grep -q '^aws-cli/1\.'; then aws_() { aws --region "$region" --output text "$@"; }; fi

aws_ sts get-caller-identity --query Arn >/dev/null \
  || die 1 "AWS does not know the caller: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or a profile)"

complaint=$(mktemp)
trap 'rm -f "$complaint"' EXIT

# Prints the answer of a call, or nothing if the thing does not exist; any other failure ends the script.
lookup() {
  if ! aws_ "$@" 2>"$complaint" && ! grep -q ResourceNotFoundException "$complaint"; then
    die 1 "aws $1 $2: $(<"$complaint")"
  fi
}

if [[ ! $package ]]; then
  package=$("$python" "$root/scripts/lambda_package.py" --architecture "$architecture") || exit 2
fi
[[ -f $package ]] || die 2 "there is no file $package"
digest=$("$python" -c 'import base64, hashlib, sys
print(base64.b64encode(hashlib.sha256(open(sys.argv[1], "rb").read()).digest()).decode())' "$package")

settings=(--role "$role" --memory-size "$memory" --timeout "$timeout" --handler bootstrap --runtime provided.al2023)
found=$(lookup lambda get-function-configuration --function-name "$name" \
  --query '[CodeSha256,Architectures[0],Role,to_string(MemorySize),to_string(Timeout),Handler,Runtime]')
if [[ ! $found ]]; then
  say "creating the function $name in $region"
  aws_ lambda create-function --function-name "$name" --architectures "$architecture" "${settings[@]}" \
    --zip-file "fileb://$package" --description "Cryptographic calculator" --query FunctionArn >&2
  aws_ lambda wait function-active-v2 --function-name "$name"
else
  read -r has_digest has_architecture has_rest <<<"$(tr '\t' ' ' <<<"$found")"
  if [[ $has_digest != "$digest" || $has_architecture != "$architecture" ]]; then
    say "updating the code of $name"
    aws_ lambda update-function-code --function-name "$name" --architectures "$architecture" \
      --zip-file "fileb://$package" --query LastUpdateStatus >&2
    aws_ lambda wait function-updated-v2 --function-name "$name"
  else
    say "the code of $name is up to date"
  fi
  if [[ $has_rest != "$role $memory $timeout bootstrap provided.al2023" ]]; then
    say "updating the settings of $name"
    aws_ lambda update-function-configuration --function-name "$name" "${settings[@]}" --query LastUpdateStatus >&2
    aws_ lambda wait function-updated-v2 --function-name "$name"
  else
    say "the settings of $name are up to date"
  fi
fi

# The two statements that let anyone call, as LAMBDA_AUTH=NONE wants; a URL with AWS_IAM must not have them.
permissions() {
  local policy
  policy=$(lookup lambda get-policy --function-name "$name" --query Policy)
  permission anyone-url --action lambda:InvokeFunctionUrl --function-url-auth-type NONE
  permission anyone-invoke --action lambda:InvokeFunction --invoked-via-function-url
}

permission() { # statement, flags of add-permission
  local has=no
  [[ $policy != *"\"$1\""* ]] || has=yes
  if [[ $auth == NONE && $has == no ]]; then
    aws_ lambda add-permission --function-name "$name" --statement-id "$1" --principal '*' "${@:2}" >/dev/null
  elif [[ $auth == AWS_IAM && $has == yes ]]; then
    aws_ lambda remove-permission --function-name "$name" --statement-id "$1"
  fi
}

has_auth=$(lookup lambda get-function-url-config --function-name "$name" --query AuthType)
if [[ ! $has_auth ]]; then
  say "creating the function URL ($auth)"
  aws_ lambda create-function-url-config --function-name "$name" --auth-type "$auth" --query FunctionUrl >/dev/null
elif [[ $has_auth != "$auth" ]]; then
  say "changing the function URL from $has_auth to $auth"
  aws_ lambda update-function-url-config --function-name "$name" --auth-type "$auth" --query FunctionUrl >/dev/null
else
  say "the function URL is up to date ($auth)"
fi
permissions
[[ $auth == AWS_IAM ]] || say "warning: LAMBDA_AUTH=NONE: anyone who knows the URL may call the function, at your cost"

url=$(aws_ lambda get-function-url-config --function-name "$name" --query FunctionUrl)
say "set CRYPTOMATH_LAMBDA_URL to this, then try scripts/cryptomath_lambda_contract_test.py:"
printf '%s\n' "$url"
