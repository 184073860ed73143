# Airflow by Amazon, for a day.

resource "aws_mwaa_environment" "this" {
  name                  = var.name
  airflow_version       = var.airflow_version
  environment_class     = var.environment_class
  execution_role_arn    = aws_iam_role.airflow.arn
  kms_key               = var.kms_key_arn
  webserver_access_mode = var.webserver_access_mode

  min_workers    = 1
  max_workers    = var.environment_class == "mw1.micro" ? 1 : var.max_workers
  min_webservers = var.environment_class == "mw1.micro" ? 1 : 2
  max_webservers = var.environment_class == "mw1.micro" ? 1 : 2
  schedulers     = var.environment_class == "mw1.micro" ? 1 : 2

  source_bucket_arn                = var.source_bucket_arn
  dag_s3_path                      = "dags/"
  requirements_s3_path             = aws_s3_object.requirements.key
  requirements_s3_object_version   = aws_s3_object.requirements.version_id
  startup_script_s3_path           = aws_s3_object.startup.key
  startup_script_s3_object_version = aws_s3_object.startup.version_id

  network_configuration {
    security_group_ids = [aws_security_group.this.id]
    subnet_ids         = aws_subnet.private[*].id
  }

  logging_configuration {
    dag_processing_logs {
      enabled   = true
      log_level = "INFO"
    }

    scheduler_logs {
      enabled   = true
      log_level = "INFO"
    }

    task_logs {
      enabled   = true
      log_level = "INFO"
    }

    webserver_logs {
      enabled   = true
      log_level = "INFO"
    }

    worker_logs {
      enabled   = true
      log_level = "INFO"
    }
  }

  # After its end a plan would bring it back, and no schedule would end it again.
  lifecycle {
    precondition {
      condition     = timecmp(plantimestamp(), local.delete_at) < 0
      error_message = "The time of ${var.name} was over at ${local.delete_at}: make mwaa-down removes what is left, make mwaa-up begins anew."
    }
  }

  # Nothing runs whose end is not set, and nothing starts without a way out.
  depends_on = [
    aws_scheduler_schedule.ending,
    aws_scheduler_schedule.reminder,
    aws_iam_role_policy.airflow,
    aws_route.private,
    aws_route_table_association.private,
    aws_vpc_endpoint.s3,
    aws_s3_object.dags,
    aws_vpc_security_group_ingress_rule.itself,
    aws_vpc_security_group_egress_rule.itself,
    aws_vpc_security_group_egress_rule.https,
  ]
}
