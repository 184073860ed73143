variable "database" {
  description = "Name of the database in the Glue Data Catalog."
  type        = string

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_]{0,127}$", var.database))
    error_message = "Small letters, digits and '_', at most 128 of them, and no digit first."
  }
}

variable "location" {
  description = "Where the data set lies, such as s3://fraud-dl-raw/payloom, without a slash at its end."
  type        = string
}

variable "first_year" {
  description = "First year that Athena looks for; `payloom register` narrows it to the years that are there."
  type        = number
}

variable "last_year" {
  description = "Last year that Athena looks for."
  type        = number

  validation {
    condition     = var.last_year >= var.first_year
    error_message = "The last year is before the first one."
  }
}
