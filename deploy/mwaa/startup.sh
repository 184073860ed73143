# Gives payloom an environment of its own on Amazon MWAA. Terraform puts the settings and a first line before this.
# MWAA sources it in bash, keeps what it exports, and ends it after five minutes. It must not fail: Airflow would not start.
# shellcheck shell=bash

export PAYLOOM_HOME="${PAYLOOM_HOME:-${HOME}/payloom}"
export PAYLOOM_COMMAND="${PAYLOOM_HOME}/bin/payloom"

payloom_pip() {
  env -u PIP_CONSTRAINT -u PIP_USER "${PAYLOOM_HOME}/bin/python" -m pip install \
    --quiet --disable-pip-version-check --no-input --only-binary :all: "$@"
}

payloom_install() {
  local files
  files=$(mktemp -d) || return 1
  # The role of the environment may read this bucket; boto3 is there, the command line of AWS may not be.
  python3 - "${files}" <<'PYTHON' || return 1
import os
import pathlib
import sys

import boto3

bucket = boto3.client("s3")
for key in [os.environ["PAYLOOM_WHEEL"], os.environ["PAYLOOM_BOOTSTRAP"], *os.environ["PAYLOOM_PINS"].split()]:
    bucket.download_file(os.environ["PAYLOOM_SOURCE"], key, str(pathlib.Path(sys.argv[1]) / pathlib.Path(key).name))
PYTHON
  echo "${PAYLOOM_WHEEL_SHA256}  ${files}/$(basename "${PAYLOOM_WHEEL}")" | sha256sum --check --status || return 1
  python3 -m venv "${PAYLOOM_HOME}" || return 1
  local pin
  local -a pins=()
  for pin in ${PAYLOOM_PINS}; do
    pins+=(--requirement "${files}/$(basename "${pin}")")
  done
  # Settings of pip for Airflow's own environment do not belong here. uv does in seconds what takes pip minutes.
  payloom_pip --require-hashes --requirement "${files}/$(basename "${PAYLOOM_BOOTSTRAP}")" || return 1
  "${PAYLOOM_HOME}/bin/uv" pip install --quiet --no-cache --python "${PAYLOOM_HOME}/bin/python" --require-hashes \
    --only-binary :all: "${pins[@]}" ||
    payloom_pip --require-hashes "${pins[@]}" || return 1
  payloom_pip --no-deps "${files}/$(basename "${PAYLOOM_WHEEL}")" || return 1
  rm -rf "${files}"
  "${PAYLOOM_COMMAND}" --version
}

# The server of the pages runs no task.
if [[ "${MWAA_AIRFLOW_COMPONENT:-worker}" != webserver ]]; then
  if payloom_install; then
    echo "payloom is installed: ${PAYLOOM_COMMAND}"
  else
    echo "payloom could not be installed: its tasks will fail and say that ${PAYLOOM_COMMAND} is missing"
  fi
fi
