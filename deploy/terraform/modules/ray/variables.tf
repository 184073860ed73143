variable "name" {
  description = "Name of the cluster, and the beginning of every other name here."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,39}$", var.name))
    error_message = "A small letter, then small letters, digits and '-', at most 40."
  }
}

variable "ssh_cidrs" {
  description = "Addresses that ssh is let in from: those of who runs `ray up`."
  type        = set(string)

  validation {
    condition     = length(var.ssh_cidrs) > 0 && alltrue([for cidr in var.ssh_cidrs : can(cidrhost(cidr, 0)) && try(tonumber(split("/", cidr)[1]) >= 24, false)])
    error_message = "Blocks of at most 256 addresses, such as 203.0.113.7/32; not the whole internet."
  }
}

variable "vpc_cidr" {
  description = "Addresses of the cluster's VPC, a /16 to /24."
  type        = string

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 4, 15)) && tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 24
    error_message = "A CIDR block from /16 to /24, such as 10.74.0.0/20."
  }
}

variable "zones" {
  description = "Letters of availability zones of the region; Ray tries them one after another."
  type        = list(string)

  validation {
    condition     = length(var.zones) > 0 && length(distinct(var.zones)) == length(var.zones) && alltrue([for zone in var.zones : can(regex("^[a-z]$", zone))])
    error_message = "Different letters, such as a and b."
  }
}

variable "worker_types" {
  description = "Types of machine that the head may launch; nothing else can be made with its role."
  type        = set(string)

  validation {
    condition     = length(var.worker_types) > 0 && alltrue([for type in var.worker_types : can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", type))])
    error_message = "Types such as c7i.4xlarge; no '*'."
  }
}

variable "image_id" {
  description = "Image of the machines, of Amazon Linux 2023 for x86-64; null takes the newest."
  type        = string
  default     = null
}

variable "data_policy" {
  description = "Policy document with the rights on the data set."
  type        = string
}
