variable "name" {
  description = "Name of the bucket; names of S3 are unique in the whole world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A name of 3 to 63 small letters, digits and '-', with no '-' at its ends."
  }
}

variable "kms_key_arn" {
  description = "Key of KMS that encrypts the objects; null means keys that S3 keeps itself (SSE-S3)."
  type        = string
  default     = null
}

variable "force_destroy" {
  description = "Whether destroying the bucket removes what is in it."
  type        = bool
  default     = false
}

variable "noncurrent_days" {
  description = "Days after which a version that was replaced or deleted is gone."
  type        = number
  default     = 30
}

variable "expire_days" {
  description = "Days after which an object is deleted; null keeps it."
  type        = number
  default     = null
}

variable "transition_days" {
  description = "Days after which an object moves to STANDARD_IA, at least 30; null leaves it where it is."
  type        = number
  default     = null
}

variable "transition_prefix" {
  description = "Only objects under this prefix move."
  type        = string
  default     = ""
}

variable "access_log_bucket" {
  description = "Bucket that S3 writes access logs to; null writes none."
  type        = string
  default     = null
}
