# What Airflow runs: DAGs, its own requirements, and a startup script that gives payloom an environment of its own.

locals {
  dags = fileset(var.dags_dir, "**/*.py")

  # What the wheel needs, with hashes; the same files as `make setup-all` installs from.
  pins      = ["core.txt", "s3.txt", "quality.txt", "profile.txt"]
  bootstrap = "bootstrap.txt"

  # In front of the script: what it cannot know.
  settings = {
    PAYLOOM_SOURCE        = var.source_bucket_name
    PAYLOOM_WHEEL         = aws_s3_object.wheel.key
    PAYLOOM_WHEEL_SHA256  = filesha256(var.wheel)
    PAYLOOM_PINS          = join(" ", [for pin in local.pins : aws_s3_object.pins[pin].key])
    PAYLOOM_BOOTSTRAP     = aws_s3_object.pins[local.bootstrap].key
    PAYLOOM_BUCKET        = var.data_bucket_name
    PAYLOOM_PREFIX        = var.data_prefix
    PAYLOOM_GLUE_DATABASE = var.database
    PAYLOOM_FIRST_DAY     = var.first_day
  }

  startup = join("\n", concat(
    ["#!/usr/bin/env bash"],
    [for name, value in local.settings : "export ${name}='${value}'"],
    [file("${var.mwaa_dir}/startup.sh")],
  ))
}

resource "aws_s3_object" "dags" {
  #checkov:skip=CKV_AWS_186:the bucket encrypts it, with a key of KMS if `kms_key_arn` names one
  for_each = local.dags

  bucket = var.source_bucket_name
  key    = "dags/${each.value}"
  source = "${var.dags_dir}/${each.value}"

  # Compared instead of the etag, which is no digest of the content when a key of KMS is used.
  source_hash = filesha256("${var.dags_dir}/${each.value}")
}

resource "aws_s3_object" "wheel" {
  #checkov:skip=CKV_AWS_186:the bucket encrypts it, with a key of KMS if `kms_key_arn` names one
  bucket      = var.source_bucket_name
  key         = "payloom/${basename(var.wheel)}"
  source      = var.wheel
  source_hash = filesha256(var.wheel)
}

resource "aws_s3_object" "pins" {
  #checkov:skip=CKV_AWS_186:the bucket encrypts it, with a key of KMS if `kms_key_arn` names one
  for_each = toset(concat([local.bootstrap], local.pins))

  bucket      = var.source_bucket_name
  key         = "payloom/requirements/${each.value}"
  source      = "${var.requirements_dir}/${each.value}"
  source_hash = filesha256("${var.requirements_dir}/${each.value}")
}

resource "aws_s3_object" "requirements" {
  #checkov:skip=CKV_AWS_186:the bucket encrypts it, with a key of KMS if `kms_key_arn` names one
  bucket      = var.source_bucket_name
  key         = "requirements.txt"
  source      = "${var.mwaa_dir}/requirements.txt"
  source_hash = filesha256("${var.mwaa_dir}/requirements.txt")
}

resource "aws_s3_object" "startup" {
  #checkov:skip=CKV_AWS_186:the bucket encrypts it, with a key of KMS if `kms_key_arn` names one
  bucket       = var.source_bucket_name
  key          = "startup.sh"
  content      = local.startup
  content_type = "text/x-shellscript"
  source_hash  = sha256(local.startup)
}
