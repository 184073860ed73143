variable "region" {
  description = "Region of AWS."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region such as eu-central-1."
  }
}

variable "name" {
  description = "Name of this stack: roles, workgroup, budget and Airflow are named after it."
  type        = string
  default     = "payloom"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "A small letter, then small letters, digits and '-', at most 32."
  }
}

variable "tags" {
  description = "More tags for everything."
  type        = map(string)
  default     = {}
}

variable "bucket_name" {
  description = "Bucket of the data. Names are unique in the whole world, so yours will be another one. '-athena' and '-mwaa' are put behind it for results and for Airflow's files."
  type        = string
  default     = "fraud-dl-raw"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,54}[a-z0-9]$", var.bucket_name))
    error_message = "A name of 3 to 56 small letters, digits and '-', with no '-' at its ends."
  }
}

variable "data_prefix" {
  description = "Prefix of the data set in the bucket: the publisher writes nowhere else."
  type        = string
  default     = "payloom"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.=-]+(/[A-Za-z0-9_.=-]+)*$", var.data_prefix)) && !can(regex("(^|/)[.]{1,2}(/|$)", var.data_prefix))
    error_message = "Names of letters, digits, '-', '_', '=' and '.', with '/' between them and not at the ends."
  }
}

variable "kms_key_arn" {
  description = "Key of KMS for data, results and Airflow; null means keys that S3 keeps itself."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "The ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-...; no alias."
  }
}

variable "access_log_bucket" {
  description = "Bucket that S3 writes access logs of the data bucket to; null writes none."
  type        = string
  default     = null
}

variable "force_destroy" {
  description = "Whether `terraform destroy` deletes the data too. False: a bucket with objects stays, and destroy says so."
  type        = bool
  default     = false
}

variable "noncurrent_days" {
  description = "Days after which a replaced or deleted version of an object is gone."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "At least a day."
  }
}

variable "transition_days" {
  description = "Days after which data move to STANDARD_IA; null leaves them."
  type        = number
  default     = null

  validation {
    condition     = var.transition_days == null ? true : var.transition_days >= 30
    error_message = "S3 moves nothing to STANDARD_IA before 30 days."
  }
}

variable "results_days" {
  description = "Days after which results of queries are deleted."
  type        = number
  default     = 7

  validation {
    condition     = var.results_days >= 1
    error_message = "At least a day."
  }
}

variable "database" {
  description = "Database in the Glue Data Catalog."
  type        = string
  default     = "payloom"
}

variable "years" {
  description = "Years that Athena looks for in a new table; `payloom register` then writes those that are there."
  type        = object({ first = number, last = number })
  default     = { first = 2000, last = 2099 }
}

variable "scan_limit_bytes" {
  description = "A query that reads more is stopped. 10 GB cost about 5 US cents."
  type        = number
  default     = 10000000000

  validation {
    condition     = var.scan_limit_bytes >= 10485760
    error_message = "Athena takes no limit below 10485760 bytes."
  }
}

variable "trusted_arns" {
  description = "Who may take on the roles of publisher and analyst; nobody named means whom IAM in this account allows."
  type        = set(string)
  default     = []
}

variable "publisher_may_delete" {
  description = "Whether the publisher may delete data below its prefix, as `payloom clean` and `--overwrite` do."
  type        = bool
  default     = false
}

variable "alert_emails" {
  description = "Who gets mails about costs. Without an address there is no budget."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", email))])
    error_message = "Addresses such as somebody@example.com."
  }
}

variable "monthly_budget_usd" {
  description = "What the account may cost in a month before mails go out: at 50, 80 and 100 percent, and when 100 are expected."
  type        = number
  default     = 20
}

variable "enable_mwaa" {
  description = "Whether Airflow runs, by Amazon MWAA. It costs by the hour: `make mwaa-up` turns it on and `make mwaa-down` off."
  type        = bool
  default     = false

  validation {
    condition     = !var.enable_mwaa || length(var.alert_emails) > 0
    error_message = "Somebody must hear what it costs: set alert_emails."
  }
}

variable "mwaa_ttl_hours" {
  description = "Hours after which Airflow is deleted by itself."
  type        = number
  default     = 12

  validation {
    condition     = var.mwaa_ttl_hours >= 2 && var.mwaa_ttl_hours <= 48 && floor(var.mwaa_ttl_hours) == var.mwaa_ttl_hours
    error_message = "A whole number from 2 to 48."
  }
}

variable "mwaa_reminder_hours" {
  description = "Hours between two mails that say what Airflow costs."
  type        = number
  default     = 3
}

variable "mwaa_usd_per_hour" {
  description = "What those mails say that an hour costs; scripts/mwaa.py knows how it is made up."
  type        = number
  default     = 0.58
}

variable "mwaa_airflow_version" {
  description = "Version of Airflow, one that Amazon MWAA offers."
  type        = string
  default     = "3.0.6"
}

variable "mwaa_environment_class" {
  description = "Size of Airflow: mw1.micro or mw1.small."
  type        = string
  default     = "mw1.small"
}

variable "mwaa_max_workers" {
  description = "Workers at most; the first is in the price."
  type        = number
  default     = 1
}

variable "mwaa_webserver_access_mode" {
  description = "PRIVATE_ONLY: Airflow's pages are reached from the VPC alone. PUBLIC_ONLY: from anywhere, after a login by IAM."
  type        = string
  default     = "PRIVATE_ONLY"
}

variable "mwaa_vpc_cidr" {
  description = "Addresses of Airflow's VPC."
  type        = string
  default     = "10.73.0.0/20"
}

variable "mwaa_zones" {
  description = "Letters of two availability zones; some regions have no b."
  type        = list(string)
  default     = ["a", "b"]
}

variable "mwaa_wheel" {
  description = "Path of payloom's wheel; `make mwaa-up` builds it."
  type        = string
  default     = ""
}

variable "mwaa_first_day" {
  description = "Day from which on Airflow makes days; `make mwaa-up` takes the one a week ago."
  type        = string
  default     = "2026-11-01"
}

variable "enable_ray" {
  description = "Whether there are a network and roles for a Ray cluster. They cost nothing; `ray up` makes the machines."
  type        = bool
  default     = false

  validation {
    condition     = !var.enable_ray || length(var.ray_ssh_cidrs) > 0
    error_message = "Somebody must get in: set ray_ssh_cidrs to the address that `ray up` is run from."
  }
}

variable "ray_ssh_cidrs" {
  description = "Addresses that ssh is let in from, such as 203.0.113.7/32."
  type        = set(string)
  default     = []
}

variable "ray_worker_types" {
  description = "Types of machine that the cluster may launch as workers."
  type        = set(string)
  default     = ["c7i.4xlarge"]
}

variable "ray_image_id" {
  description = "Image of the cluster's machines, of Amazon Linux 2023 for x86-64; null takes the newest."
  type        = string
  default     = null
}

variable "ray_vpc_cidr" {
  description = "Addresses of the cluster's VPC."
  type        = string
  default     = "10.74.0.0/20"
}

variable "ray_zones" {
  description = "Letters of availability zones for the cluster; some regions have no b."
  type        = list(string)
  default     = ["a", "b"]
}
