# Credentials come from AWS's own chain: environment, profile, single sign-on, role.
provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ project = "payloom", managed-by = "terraform", stack = var.name }, var.tags)
  }
}
