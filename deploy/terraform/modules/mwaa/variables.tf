variable "name" {
  description = "Name of the environment, and the beginning of every other name here."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z][0-9a-zA-Z_-]{0,39}$", var.name))
    error_message = "A letter, then letters, digits, '-' and '_', at most 40."
  }
}

variable "airflow_version" {
  description = "Version of Airflow that Amazon offers; 3.0 or later."
  type        = string

  validation {
    condition     = can(regex("^3\\.[0-9]+\\.[0-9]+$", var.airflow_version))
    error_message = "The DAGs need Airflow 3, such as 3.0.6."
  }
}

variable "environment_class" {
  description = "Size of the environment."
  type        = string

  validation {
    condition     = contains(["mw1.micro", "mw1.small"], var.environment_class)
    error_message = "mw1.micro or mw1.small: this is a demo."
  }
}

variable "max_workers" {
  description = "Workers at most; mw1.micro has one."
  type        = number

  validation {
    condition     = var.max_workers >= 1 && var.max_workers <= 5 && floor(var.max_workers) == var.max_workers
    error_message = "A whole number from 1 to 5: each worker costs."
  }
}

variable "webserver_access_mode" {
  description = "PRIVATE_ONLY: the pages are reached from the VPC alone. PUBLIC_ONLY: from anywhere, after a login by IAM."
  type        = string

  validation {
    condition     = contains(["PRIVATE_ONLY", "PUBLIC_ONLY"], var.webserver_access_mode)
    error_message = "PRIVATE_ONLY or PUBLIC_ONLY."
  }
}

variable "ttl_hours" {
  description = "Hours after which the environment is deleted, whoever remembers."
  type        = number

  validation {
    condition     = var.ttl_hours >= 2 && var.ttl_hours <= 48 && floor(var.ttl_hours) == var.ttl_hours
    error_message = "A whole number from 2 to 48: creating one takes half an hour."
  }
}

variable "reminder_hours" {
  description = "Hours between two mails that say what it costs."
  type        = number

  validation {
    condition     = var.reminder_hours >= 1 && floor(var.reminder_hours) == var.reminder_hours
    error_message = "A whole number of at least 1."
  }
}

variable "usd_per_hour" {
  description = "What the reminder says that an hour costs."
  type        = number
}

variable "emails" {
  description = "Who is reminded; each address must confirm once."
  type        = set(string)

  validation {
    condition     = length(var.emails) > 0
    error_message = "Somebody must hear what it costs: set alert_emails."
  }
}

variable "vpc_cidr" {
  description = "Addresses of the VPC, a /16 to /24."
  type        = string

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 4, 15)) && tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 24
    error_message = "A CIDR block from /16 to /24, such as 10.73.0.0/20."
  }
}

variable "zones" {
  description = "Letters of two availability zones of the region."
  type        = list(string)

  validation {
    condition     = length(distinct(var.zones)) == 2 && length(var.zones) == 2 && alltrue([for zone in var.zones : can(regex("^[a-z]$", zone))])
    error_message = "Two different letters, such as a and b."
  }
}

variable "kms_key_arn" {
  description = "Key of KMS for the environment and its queue; null means a key that Amazon owns."
  type        = string
  default     = null
}

variable "source_bucket_name" {
  description = "Bucket with DAGs, requirements and the startup script; versioned, no public access."
  type        = string
}

variable "source_bucket_arn" {
  description = "Its ARN."
  type        = string
}

variable "dags_dir" {
  description = "Folder with the DAGs."
  type        = string
}

variable "mwaa_dir" {
  description = "Folder with requirements.txt and startup.sh."
  type        = string
}

variable "requirements_dir" {
  description = "Folder with payloom's pinned requirements."
  type        = string
}

variable "wheel" {
  description = "Path of payloom's wheel."
  type        = string

  validation {
    condition     = can(regex("payloom-[^/]+\\.whl$", var.wheel))
    error_message = "The path of payloom-VERSION-py3-none-any.whl; `make mwaa-up` builds it."
  }
}

variable "data_bucket_name" {
  description = "Bucket of the data set."
  type        = string
}

variable "data_prefix" {
  description = "Prefix of the data set in it."
  type        = string
}

variable "database" {
  description = "Database in Glue."
  type        = string
}

variable "data_policy" {
  description = "Policy document with the rights on data set and catalog."
  type        = string
}

variable "first_day" {
  description = "Day from which on Airflow makes days, YYYY-MM-DD."
  type        = string

  validation {
    condition     = can(regex("^20[0-9]{2}-[01][0-9]-[0-3][0-9]$", var.first_day))
    error_message = "A day such as 2026-11-20."
  }
}
