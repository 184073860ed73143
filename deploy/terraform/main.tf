# Everything that payloom uses on AWS: a bucket, a catalog, a workgroup, two roles, a budget, for a day Airflow, and what
# a Ray cluster needs.

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

locals {
  location     = "s3://${module.data.name}/${var.data_prefix}"
  account_root = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.this.account_id}:root"
}

module "data" {
  source = "./modules/bucket"

  name              = var.bucket_name
  kms_key_arn       = var.kms_key_arn
  force_destroy     = var.force_destroy
  noncurrent_days   = var.noncurrent_days
  transition_days   = var.transition_days
  transition_prefix = "${var.data_prefix}/"
  access_log_bucket = var.access_log_bucket
}

module "results" {
  source = "./modules/bucket"

  name            = "${var.bucket_name}-athena"
  kms_key_arn     = var.kms_key_arn
  noncurrent_days = 1
  expire_days     = var.results_days

  # Results of queries can be had again.
  force_destroy = true
}

module "catalog" {
  source = "./modules/catalog"

  database   = var.database
  location   = local.location
  first_year = var.years.first
  last_year  = var.years.last
}

module "athena" {
  source = "./modules/athena"

  name             = var.name
  results_bucket   = module.results.name
  kms_key_arn      = var.kms_key_arn
  scan_limit_bytes = var.scan_limit_bytes

  # Its history goes with it, and nothing else.
  force_destroy = true
}

module "roles" {
  source = "./modules/roles"

  name               = var.name
  trusted_arns       = length(var.trusted_arns) > 0 ? var.trusted_arns : [local.account_root]
  bucket_arn         = module.data.arn
  prefix             = var.data_prefix
  kms_key_arn        = var.kms_key_arn
  allow_delete       = var.publisher_may_delete
  results_bucket_arn = module.results.arn
  workgroup_name     = var.name
  workgroup_arn      = module.athena.arn
  database           = module.catalog.database
}

module "budget" {
  source = "./modules/budget"
  count  = length(var.alert_emails) > 0 ? 1 : 0

  name        = "${var.name}-monthly"
  monthly_usd = var.monthly_budget_usd
  emails      = var.alert_emails
}

# --- Airflow, for a day -------------------------------------------------------------------------

module "mwaa_source" {
  source = "./modules/bucket"
  count  = var.enable_mwaa ? 1 : 0

  name            = "${var.bucket_name}-mwaa"
  kms_key_arn     = var.kms_key_arn
  noncurrent_days = 7

  # It holds copies of files of this repository.
  force_destroy = true
}

module "mwaa" {
  source = "./modules/mwaa"
  count  = var.enable_mwaa ? 1 : 0

  name                  = "${var.name}-airflow"
  airflow_version       = var.mwaa_airflow_version
  environment_class     = var.mwaa_environment_class
  max_workers           = var.mwaa_max_workers
  webserver_access_mode = var.mwaa_webserver_access_mode
  ttl_hours             = var.mwaa_ttl_hours
  reminder_hours        = var.mwaa_reminder_hours
  usd_per_hour          = var.mwaa_usd_per_hour
  emails                = var.alert_emails
  vpc_cidr              = var.mwaa_vpc_cidr
  zones                 = var.mwaa_zones
  kms_key_arn           = var.kms_key_arn
  source_bucket_name    = module.mwaa_source[0].name
  source_bucket_arn     = module.mwaa_source[0].arn
  dags_dir              = "${path.root}/../../dags"
  mwaa_dir              = "${path.root}/../mwaa"
  requirements_dir      = "${path.root}/../../requirements"
  wheel                 = var.mwaa_wheel
  data_bucket_name      = module.data.name
  data_prefix           = var.data_prefix
  database              = module.catalog.database
  data_policy           = module.roles.publisher_policy
  first_day             = var.mwaa_first_day
}

# --- Ray, for as long as `ray up` --------------------------------------------------------------

module "ray" {
  source = "./modules/ray"
  count  = var.enable_ray ? 1 : 0

  name         = "${var.name}-ray"
  ssh_cidrs    = var.ray_ssh_cidrs
  vpc_cidr     = var.ray_vpc_cidr
  zones        = var.ray_zones
  worker_types = var.ray_worker_types
  image_id     = var.ray_image_id
  data_policy  = module.roles.writer_policy
}
