# Who writes, and who asks. The rights are those of docs/publishing.md and docs/athena.md, for one prefix and one database.

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  glue   = "arn:${data.aws_partition.this.partition}:glue:${data.aws_region.this.name}:${data.aws_caller_identity.this.account_id}"
  tables = ["${local.glue}:catalog", "${local.glue}:database/${var.database}", "${local.glue}:table/${var.database}/*"]
  data   = "${var.bucket_arn}/${var.prefix}/*"

  # Claims go away at the end of each publication, and staged days when they were judged.
  deletes = var.allow_delete ? [local.data] : [
    "${var.bucket_arn}/${var.prefix}/_payloom/claims/*",
    "${var.bucket_arn}/${var.prefix}/_staging/*",
  ]
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = var.trusted_arns
    }
  }
}

data "aws_iam_policy_document" "tls_only" {
  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

data "aws_iam_policy_document" "publisher" {
  source_policy_documents = [data.aws_iam_policy_document.writer.json]

  # Terraform makes database and tables; partitions and years come with the data.
  statement {
    sid = "Register"
    actions = [
      "glue:GetDatabase",
      "glue:GetTable",
      "glue:UpdateTable",
      "glue:GetPartitions",
      "glue:BatchCreatePartition",
      "glue:BatchUpdatePartition",
      "glue:DeletePartition",
    ]
    resources = local.tables
  }
}

# The same without the catalog, for machines that only write.
data "aws_iam_policy_document" "writer" {
  source_policy_documents = [data.aws_iam_policy_document.tls_only.json]

  # If it exists: S3 answers "no such key" instead of "access denied" only to who may list, and a request for an object
  # names no prefix. So names of other objects can be seen in a listing of the whole bucket; the objects cannot.
  statement {
    sid       = "ListItsPrefix"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLikeIfExists"
      variable = "s3:prefix"
      values   = [var.prefix, "${var.prefix}/*"]
    }
  }

  # S3 knows no prefix for this one; it tells names of unfinished uploads, and payloom looks at its own.
  statement {
    sid       = "ListUnfinishedUploads"
    actions   = ["s3:ListBucketMultipartUploads"]
    resources = [var.bucket_arn]
  }

  statement {
    sid       = "ReadAndWriteItsPrefix"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
    resources = [local.data]
  }

  statement {
    sid       = "Delete"
    actions   = ["s3:DeleteObject"]
    resources = local.deletes
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseTheKey"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "analyst" {
  source_policy_documents = [data.aws_iam_policy_document.tls_only.json]

  statement {
    sid       = "ListThePrefix"
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLikeIfExists"
      variable = "s3:prefix"
      values   = [var.prefix, "${var.prefix}/*"]
    }
  }

  statement {
    sid       = "FindTheBuckets"
    actions   = ["s3:GetBucketLocation"]
    resources = [var.bucket_arn, var.results_bucket_arn]
  }

  statement {
    sid       = "ReadThePrefix"
    actions   = ["s3:GetObject"]
    resources = [local.data]
  }

  statement {
    sid       = "ListResults"
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [var.results_bucket_arn]
  }

  statement {
    sid       = "WriteAndReadResults"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = ["${var.results_bucket_arn}/${var.workgroup_name}/*"]
  }

  statement {
    sid = "Ask"
    actions = [
      "athena:GetWorkGroup",
      "athena:StartQueryExecution",
      "athena:StopQueryExecution",
      "athena:GetQueryExecution",
      "athena:GetQueryResults",
      "athena:ListQueryExecutions",
    ]
    resources = [var.workgroup_arn]
  }

  statement {
    sid       = "ReadTheCatalog"
    actions   = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartition", "glue:GetPartitions"]
    resources = local.tables
  }

  # Athena looks at it whatever the query names.
  statement {
    sid       = "SeeTheDefaultDatabase"
    actions   = ["glue:GetDatabase"]
    resources = ["${local.glue}:catalog", "${local.glue}:database/default"]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "UseTheKey"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

locals {
  roles = {
    publisher = {
      description = "Publishes payloom's data sets below one prefix, and registers them"
      policy      = data.aws_iam_policy_document.publisher.json
    }
    analyst = {
      description = "Reads payloom's data and asks Athena about it"
      policy      = data.aws_iam_policy_document.analyst.json
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.name}-${each.key}"
  description          = each.value.description
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "this" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = each.value.policy
}
