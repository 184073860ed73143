output "publisher_arn" {
  description = "Role that publishes."
  value       = aws_iam_role.this["publisher"].arn
}

output "analyst_arn" {
  description = "Role that asks."
  value       = aws_iam_role.this["analyst"].arn
}

output "publisher_policy" {
  description = "What the publisher may do; Airflow's role gets the same."
  value       = data.aws_iam_policy_document.publisher.json
}

output "writer_policy" {
  description = "What the publisher may do with objects, without the catalog; machines of a Ray cluster get it."
  value       = data.aws_iam_policy_document.writer.json
}
