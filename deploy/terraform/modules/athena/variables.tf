variable "name" {
  description = "Name of the workgroup."
  type        = string
}

variable "results_bucket" {
  description = "Bucket that results are written to."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of KMS that encrypts the results; null means SSE-S3."
  type        = string
  default     = null
}

variable "scan_limit_bytes" {
  description = "A query that reads more is stopped; Athena's least is 10,000,000."
  type        = number

  validation {
    condition     = var.scan_limit_bytes >= 10000000
    error_message = "Athena takes no limit below 10,000,000 bytes."
  }
}

variable "force_destroy" {
  description = "Whether destroying the workgroup removes its history."
  type        = bool
  default     = false
}
