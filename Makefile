# One command runner for people and CI. `make help` lists the targets.
# PYTHON=... picks the interpreter (3.11 to 3.13); ARGS=... is passed on to the command; BUCKET=... is where to upload.

PYTHON ?=
ARGS ?=
# Where `make upload` publishes data/; `make s3` creates this one on its own server.
BUCKET ?= fraud-dl-raw
# Extras of pyproject.toml, each with its pins in requirements/<extra>.txt.
EXTRAS = dev realism s3 iceberg quality profile ray train server

BIN = .venv/bin
CORE = .venv/.stamp-core
DEV = .venv/.stamp-dev
AIRFLOW = .venv-airflow/.stamp-airflow
BENCH = .venv-bench/.stamp-bench
CHECKOV = .venv-checkov/.stamp-checkov
DEPLOY = .venv-deploy/.stamp-deploy
ENGINES = .venv-engines/.stamp-engines
REFERENCE = .venv-reference/.stamp-reference
SETUP_INPUTS = scripts/setup_env.py requirements/bootstrap.txt

# The first Python that fits, unless one was named; `run` is then the set-up script on it.
FIND_PYTHON = for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  2>/dev/null && break; python=; done; \
	if [ -z "$$python" ]; then \
	  echo "error: payloom needs Python 3.11 to 3.13; name one: make PYTHON=/path/to/python3.13" >&2; \
	  exit 1; fi

.PHONY: help setup setup-all data s3 s3-stop upload mlflow mlflow-stop train airflow airflow-stop validate gate profile realism test test-full \
	test-integration lint lint-deploy format lock image test-image sbom compose-env compose-check compose-up compose-down \
	terraform-check mwaa-up mwaa-down mwaa-status audit release-check bench bench-large bench-upload bench-upload-large bench-scale reference clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' Makefile

$(CORE): pyproject.toml requirements/core.txt $(SETUP_INPUTS)
	@$(FIND_PYTHON); "$$python" scripts/setup_env.py core --project
	@touch $@

.venv/.stamp-%: requirements/%.txt $(CORE)
	@$(FIND_PYTHON); "$$python" scripts/setup_env.py $*
	@touch $@

# Environments of their own: what they hold is no dependency of payloom.
.venv-airflow/.stamp-% .venv-athena/.stamp-% .venv-bench/.stamp-% .venv-checkov/.stamp-% .venv-deploy/.stamp-% .venv-engines/.stamp-% .venv-reference/.stamp-%: requirements/%.txt $(SETUP_INPUTS)
	@$(FIND_PYTHON); "$$python" scripts/setup_env.py $* --venv $(@D)
	@touch $@

setup: $(CORE)  ## make .venv with what payloom needs to run

setup-all: $(EXTRAS:%=.venv/.stamp-%)  ## add every extra to .venv

data: $(CORE)  ## write 1,000,000 payments under data/
	@$(BIN)/payloom generate --out data $(ARGS)

s3: .venv/.stamp-server .venv/.stamp-s3  ## start an S3 server on this machine, with the bucket fraud-dl-raw
	@$(BIN)/python scripts/s3_server.py start

s3-stop: $(CORE)  ## stop it (its data stays in .s3/)
	@$(BIN)/python scripts/s3_server.py stop

# Who has settings of AWS keeps them; who has none means the server of `make s3`.
upload: .venv/.stamp-s3 .venv/.stamp-quality  ## publish data/ to s3://BUCKET/ if it passes the gate (after make data; BUCKET=... ARGS=...)
	@if [ -z "$$AWS_ACCESS_KEY_ID$$AWS_PROFILE$$AWS_ENDPOINT_URL" ] && [ -r .s3/env ]; then \
	  echo "No AWS settings in this shell: using those of make s3 (.s3/env)"; . ./.s3/env; fi; \
	$(BIN)/payloom publish data "s3://$(BUCKET)/" --validate $(ARGS)

mlflow: .venv/.stamp-train  ## start an MLflow server on this machine: tracking and registry (ARGS=--port=...)
	@$(BIN)/python scripts/mlflow_server.py start $(ARGS)

mlflow-stop: $(CORE)  ## stop it (its runs stay in .mlflow/)
	@$(BIN)/python scripts/mlflow_server.py stop

# Who names a server by MLFLOW_TRACKING_URI keeps it; who names none gets the one of `make mlflow`.
train: .venv/.stamp-train  ## train the baseline models on data/ and register the best (after make data)
	@if [ -z "$$MLFLOW_TRACKING_URI" ]; then \
	  $(BIN)/python scripts/mlflow_server.py start && . ./.mlflow/env || exit $$?; fi; \
	$(BIN)/payloom train data --register payloom-baseline $(ARGS)

# Airflow has an environment of its own; its tasks run the payloom of this one.
airflow: $(AIRFLOW) .venv/.stamp-server .venv/.stamp-s3 .venv/.stamp-quality .venv/.stamp-profile .venv/.stamp-train  ## start Airflow on this machine with the DAGs of dags/, S3 and MLflow
	@$(BIN)/python scripts/airflow_server.py start $(ARGS)

airflow-stop: $(CORE)  ## stop it (what it has made stays in .airflow/)
	@$(BIN)/python scripts/airflow_server.py stop

validate: .venv/.stamp-quality  ## judge the payments under data/: the gate before they are published (after make data)
	@$(BIN)/payloom validate data $(ARGS)

gate: .venv/.stamp-quality  ## see that the gate stops a planted fault and nothing else, as CI does
	@$(BIN)/python scripts/check_gate.py

profile: .venv/.stamp-profile  ## write profiles/profile.html and payments.html about data/ (after make data)
	@$(BIN)/payloom profile data $(ARGS)

realism: .venv/.stamp-realism  ## say how real the payments under data/ are (after make data)
	@$(BIN)/payloom realism data $(ARGS)

test: $(DEV)  ## run the tests with reduced counts (about 5 minutes)
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

test-full: $(DEV)  ## run the tests with the full counts
	@PAYLOOM_FULL=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m "not integration" $(ARGS)

# pytest exits with 5 when it finds no test.
test-integration: $(DEV) $(AIRFLOW)  ## run the tests that need servers, and those of the DAGs
	@$(BIN)/python -m pytest -m integration $(ARGS) || [ $$? -eq 5 ]
	@PAYLOOM_TEST_COMMAND=$(abspath $(BIN))/payloom .venv-airflow/bin/python -m pytest -m integration tests/dags $(ARGS) || [ $$? -eq 5 ]

lint: $(DEV)  ## check style, types, import layers and house rules
	@status=0; \
	$(BIN)/ruff check . || status=1; \
	$(BIN)/ruff format --check . || status=1; \
	$(BIN)/mypy || status=1; \
	$(BIN)/lint-imports || status=1; \
	$(BIN)/python scripts/check_house_rules.py || status=1; \
	exit $$status

# Terraform's own style is looked at where Terraform is.
lint-deploy: $(DEPLOY) .venv/.stamp-ray  ## check Dockerfiles, shell scripts, workflows and the Compose file
	@status=0; \
	.venv-deploy/bin/hadolint deploy/docker/Dockerfile deploy/docker/Dockerfile.airflow || status=1; \
	.venv-deploy/bin/shellcheck .ci/run deploy/compose/s3/start.sh deploy/mwaa/startup.sh || status=1; \
	.venv-deploy/bin/zizmor --offline --pedantic --quiet .github || status=1; \
	.venv-deploy/bin/python scripts/check_compose.py || status=1; \
	$(BIN)/python scripts/check_ray_cluster.py || status=1; \
	if command -v terraform > /dev/null; then terraform fmt -check -recursive deploy/terraform || status=1; fi; \
	exit $$status

format: $(DEV)  ## format the code and fix what can be fixed
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

lock: $(CORE)  ## compile requirements/*.txt again (ARGS=--upgrade for newer versions)
	@$(BIN)/python scripts/lock.py $(ARGS)

# --- images, Compose, AWS, releases: docs/deploy.md ---

image: $(DEPLOY)  ## build the images payloom:slim and payloom:full with docker or podman
	@.venv-deploy/bin/python scripts/build_image.py $(ARGS)

test-image: $(DEPLOY) .venv/.stamp-s3 .venv/.stamp-server  ## build both images and try them as strictly as they may be run
	@$(BIN)/python scripts/check_image.py $(ARGS)

sbom: $(DEPLOY)  ## write bills of materials to dist/: of payloom, and of the images that are there
	@.venv-deploy/bin/python scripts/write_sbom.py $(ARGS)

compose-env: $(CORE)  ## draw the keys of deploy/compose.yaml into deploy/.env (keeps what is there)
	@$(BIN)/python scripts/compose_env.py

compose-check: $(DEPLOY)  ## check deploy/compose.yaml: by Compose, and by rules of its own
	@.venv-deploy/bin/python scripts/check_compose.py $(ARGS)

compose-up:  ## start Airflow, MLflow, PostgreSQL and S3 in containers (after make compose-env)
	docker compose -f deploy/compose.yaml up --build --wait $(ARGS)

compose-down:  ## stop them (what they have made stays in their volumes)
	docker compose -f deploy/compose.yaml down $(ARGS)

terraform-check: $(CHECKOV) .venv-athena/.stamp-athena .venv/.stamp-s3 .venv/.stamp-ray  ## try deploy/terraform on servers of this machine that answer like AWS
	@$(BIN)/python scripts/check_terraform.py $(ARGS)

mwaa-up: .venv/.stamp-s3  ## Airflow by Amazon for a day: says what it costs, asks, makes it (ARGS=--email=...)
	@$(BIN)/python scripts/mwaa.py up $(ARGS)

mwaa-down: .venv/.stamp-s3  ## remove it and its network; bucket, tables and data stay
	@$(BIN)/python scripts/mwaa.py down $(ARGS)

mwaa-status: .venv/.stamp-s3  ## say what there is, until when and what it costs
	@$(BIN)/python scripts/mwaa.py status $(ARGS)

audit: $(CORE)  ## look up every pin of requirements/ among the known vulnerabilities
	@$(BIN)/python scripts/audit_dependencies.py $(ARGS)

release-check: $(CORE) $(DEPLOY)  ## build wheel and source archive twice, try the wheel in an empty environment
	@.venv-deploy/bin/python scripts/check_release.py $(ARGS)

bench: $(CORE) $(BENCH)  ## compare speed and memory with peers
	@$(BIN)/python -m benchmarks.compare $(ARGS)

bench-large: $(CORE) $(BENCH)  ## the same for 100,000,000 payments
	@$(BIN)/python -m benchmarks.compare --large $(ARGS)

bench-upload: $(CORE) $(BENCH) .venv/.stamp-s3 .venv/.stamp-server  ## compare payloom publish with other uploaders
	@$(BIN)/python -m benchmarks.upload $(ARGS)

bench-upload-large: $(CORE) $(BENCH) .venv/.stamp-s3 .venv/.stamp-server  ## the memory of a 10 GB upload
	@$(BIN)/python -m benchmarks.upload --large $(ARGS)

bench-scale: $(DEV) $(BENCH) $(ENGINES)  ## planning, Ray beside worker processes, and other schedulers
	@$(BIN)/python -m benchmarks.planning
	@$(BIN)/python -m benchmarks.cluster
	@$(BIN)/python -m benchmarks.engines

reference: $(REFERENCE)  ## build the reference tables again (ARGS=--check compares only)
	@.venv-reference/bin/python scripts/build_reference_data.py $(ARGS)
	@.venv-reference/bin/python scripts/build_math_tables.py $(ARGS)

clean:  ## remove the environments, caches and benchmark files (data/ stays)
	rm -rf .venv .venv-airflow .venv-athena .venv-bench .venv-checkov .venv-deploy .venv-engines .venv-reference dist build benchmarks/scratch .mypy_cache .ruff_cache .pytest_cache \
	  .hypothesis .import_linter_cache
