# How the demo ends by itself, and how it reminds of its cost. Everything here is made before the environment.

# The moment of the first plan: it stays until the time to live changes, or until it is replaced to begin anew.
resource "terraform_data" "born" {
  input            = plantimestamp()
  triggers_replace = [var.ttl_hours]

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  delete_at  = timeadd(terraform_data.born.output, "${var.ttl_hours}h")
  gateway_at = timeadd(local.delete_at, "1h")
  address_at = timeadd(local.delete_at, "90m")

  # The environment first; what it used, when it is gone.
  endings = {
    environment = {
      at     = local.delete_at
      target = "arn:${local.partition}:scheduler:::aws-sdk:mwaa:deleteEnvironment"
      input  = jsonencode({ Name = var.name })
    }
    gateway = {
      at     = local.gateway_at
      target = "arn:${local.partition}:scheduler:::aws-sdk:ec2:deleteNatGateway"
      input  = jsonencode({ NatGatewayId = aws_nat_gateway.this.id })
    }
    address = {
      at     = local.address_at
      target = "arn:${local.partition}:scheduler:::aws-sdk:ec2:releaseAddress"
      input  = jsonencode({ AllocationId = aws_eip.nat.allocation_id })
    }
  }
}

data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "EndTheEnvironment"
    actions   = ["airflow:DeleteEnvironment"]
    resources = [local.env_arn]
  }

  # Amazon MWAA takes its endpoints away in the name of who deletes the environment.
  statement {
    sid       = "TakeItsEndpointsAway"
    actions   = ["ec2:DeleteVpcEndpoints"]
    resources = ["arn:${local.partition}:ec2:${local.region}:${local.account}:vpc-endpoint/*"]

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/AmazonMWAAManaged"
      values   = ["false"]
    }
  }

  statement {
    sid     = "EndTheGateway"
    actions = ["ec2:DeleteNatGateway", "ec2:ReleaseAddress"]
    resources = [
      "arn:${local.partition}:ec2:${local.region}:${local.account}:natgateway/${aws_nat_gateway.this.id}",
      "arn:${local.partition}:ec2:${local.region}:${local.account}:elastic-ip/${aws_eip.nat.allocation_id}",
    ]
  }

  statement {
    sid       = "Remind"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.reminder.arn]
  }

  statement {
    sid       = "EncryptReminders"
    actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
    resources = ["arn:${local.partition}:kms:${local.region}:${local.account}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sns.${local.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-lifetime"
  description        = "Deletes the demo when its time is over, and reminds of its cost"
  assume_role_policy = data.aws_iam_policy_document.scheduler_trust.json
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "lifetime"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}

resource "aws_scheduler_schedule" "ending" {
  #checkov:skip=CKV_AWS_297:a schedule holds the name of the environment and no secret; Amazon's own key encrypts it
  for_each = local.endings

  name                         = "${var.name}-ends-${each.key}"
  description                  = "The demo is over: ${each.key}"
  schedule_expression          = "at(${formatdate("YYYY-MM-DD'T'hh:mm:ss", each.value.at)})"
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = each.value.target
    role_arn = aws_iam_role.scheduler.arn
    input    = each.value.input

    # An environment that is being made or changed refuses to be deleted: it is asked again for a day.
    retry_policy {
      maximum_event_age_in_seconds = 86400
      maximum_retry_attempts       = 185
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}

resource "aws_sns_topic" "reminder" {
  name              = "${var.name}-cost"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic_subscription" "reminder" {
  for_each = var.emails

  topic_arn = aws_sns_topic.reminder.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_scheduler_schedule" "reminder" {
  #checkov:skip=CKV_AWS_297:a schedule holds a sentence about costs and no secret; Amazon's own key encrypts it
  name                         = "${var.name}-reminder"
  description                  = "What the demo costs"
  schedule_expression          = "rate(${var.reminder_hours} ${var.reminder_hours == 1 ? "hour" : "hours"})"
  schedule_expression_timezone = "UTC"
  end_date                     = local.address_at

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:${local.partition}:scheduler:::aws-sdk:sns:publish"
    role_arn = aws_iam_role.scheduler.arn

    input = jsonencode({
      TopicArn = aws_sns_topic.reminder.arn
      Subject  = "${var.name} costs about ${format("%.2f", var.usd_per_hour)} USD an hour"
      Message  = "The Airflow demo ${var.name} in ${local.region} runs since ${terraform_data.born.output} and is deleted at ${local.delete_at}. Until then it costs about ${format("%.2f", var.usd_per_hour * var.ttl_hours)} USD in all. make mwaa-down ends it now."
    })
  }

  depends_on = [aws_iam_role_policy.scheduler]
}
