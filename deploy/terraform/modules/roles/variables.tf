variable "name" {
  description = "Beginning of the roles' names."
  type        = string
}

variable "trusted_arns" {
  description = "Who may take on the roles: ARNs of users, roles or accounts."
  type        = set(string)

  validation {
    condition     = alltrue([for arn in var.trusted_arns : can(regex("^arn:[a-z-]+:(iam|sts)::[0-9]{12}:(root|user/.+|role/.+|assumed-role/.+)$", arn))])
    error_message = "ARNs of IAM, such as arn:aws:iam::123456789012:role/name; no '*'."
  }
}

variable "bucket_arn" {
  description = "ARN of the bucket with the data."
  type        = string
}

variable "prefix" {
  description = "Prefix of the data set in it, without / at its ends."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of KMS that encrypts the objects; null for SSE-S3."
  type        = string
  default     = null
}

variable "allow_delete" {
  description = "Whether the publisher may delete anything below its prefix: `payloom clean` and `--overwrite` do."
  type        = bool
  default     = false
}

variable "results_bucket_arn" {
  description = "ARN of the bucket with the results of queries."
  type        = string
}

variable "workgroup_name" {
  description = "Name of Athena's workgroup, which is also the prefix of its results."
  type        = string
}

variable "workgroup_arn" {
  description = "ARN of Athena's workgroup."
  type        = string
}

variable "database" {
  description = "Name of the database in Glue."
  type        = string
}
