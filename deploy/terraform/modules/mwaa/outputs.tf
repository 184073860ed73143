output "name" {
  description = "Name of the environment."
  value       = aws_mwaa_environment.this.name
}

output "webserver_url" {
  description = "Host name of Airflow's pages."
  value       = aws_mwaa_environment.this.webserver_url
}

output "delete_at" {
  description = "When the environment is deleted, UTC."
  value       = local.delete_at
}
