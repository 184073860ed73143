# What the machines of a Ray cluster may do. Ray itself makes and ends them: deploy/ray/cluster.yaml.

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}

data "aws_ssm_parameter" "image" {
  count = var.image_id == null ? 1 : 0

  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

locals {
  partition = data.aws_partition.this.partition
  region    = data.aws_region.this.name
  ec2       = "arn:${local.partition}:ec2:${local.region}:${data.aws_caller_identity.this.account_id}"
  image_id  = var.image_id == null ? data.aws_ssm_parameter.image[0].insecure_value : var.image_id

  # `ray up` makes it, for this cluster alone.
  key_name = "${var.name}-${local.region}"

  # Ray puts it on whatever it launches, and finds its machines by it.
  cluster_tag = "ray-cluster-name"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "head" {
  #checkov:skip=CKV_AWS_356:ec2:DescribeInstances knows no resource
  source_policy_documents = [var.data_policy]

  statement {
    sid       = "SeeMachines"
    actions   = ["ec2:DescribeInstances"]
    resources = ["*"]
  }

  # Workers of this cluster: of a named type, with the workers' rights, and without the old way to a role's keys.
  statement {
    sid       = "LaunchWorkers"
    actions   = ["ec2:RunInstances"]
    resources = ["${local.ec2}:instance/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/${local.cluster_tag}"
      values   = [var.name]
    }

    condition {
      test     = "StringEquals"
      variable = "ec2:InstanceType"
      values   = var.worker_types
    }

    condition {
      test     = "ArnEquals"
      variable = "ec2:InstanceProfile"
      values   = [aws_iam_instance_profile.this["worker"].arn]
    }

    condition {
      test     = "StringEquals"
      variable = "ec2:MetadataHttpTokens"
      values   = ["required"]
    }
  }

  statement {
    sid     = "LaunchThemHere"
    actions = ["ec2:RunInstances"]
    resources = concat(
      aws_subnet.this[*].arn,
      [
        aws_security_group.this.arn,
        "${local.ec2}:key-pair/${local.key_name}",
        "${local.ec2}:network-interface/*",
        "${local.ec2}:spot-instances-request/*",
      ],
    )
  }

  statement {
    sid       = "LaunchThemFromAmazonsImages"
    actions   = ["ec2:RunInstances"]
    resources = ["arn:${local.partition}:ec2:${local.region}::image/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:Owner"
      values   = ["amazon"]
    }
  }

  statement {
    sid       = "LaunchThemWithEncryptedDisks"
    actions   = ["ec2:RunInstances"]
    resources = ["${local.ec2}:volume/*"]

    condition {
      test     = "Bool"
      variable = "ec2:Encrypted"
      values   = ["true"]
    }
  }

  statement {
    sid       = "NameWhatItLaunches"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.ec2}:instance/*", "${local.ec2}:volume/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["RunInstances"]
    }
  }

  # Ray writes how far a machine is; whose it is stays.
  statement {
    sid       = "NoteHowFarTheyAre"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.ec2}:instance/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.cluster_tag}"
      values   = [var.name]
    }

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "aws:TagKeys"
      values   = ["Name", "ray-node-status", "ray-runtime-config", "ray-file-mounts-contents"]
    }
  }

  statement {
    sid       = "EndItsOwn"
    actions   = ["ec2:TerminateInstances"]
    resources = ["${local.ec2}:instance/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.cluster_tag}"
      values   = [var.name]
    }
  }

  statement {
    sid       = "GiveWorkersTheirRole"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.this["worker"].arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com"]
    }
  }
}

locals {
  roles = {
    head   = "The head of a Ray cluster: its own workers, and payloom's prefix"
    worker = "Workers of a Ray cluster: payloom's prefix, and nothing else"
  }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name               = "${var.name}-${each.key}"
  description        = each.value
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "head" {
  name   = "head"
  role   = aws_iam_role.this["head"].id
  policy = data.aws_iam_policy_document.head.json
}

resource "aws_iam_role_policy" "worker" {
  name   = "worker"
  role   = aws_iam_role.this["worker"].id
  policy = var.data_policy
}

resource "aws_iam_instance_profile" "this" {
  for_each = local.roles

  name = "${var.name}-${each.key}"
  role = aws_iam_role.this[each.key].name
}
