output "bucket" {
  description = "Bucket of the data."
  value       = module.data.name
}

output "location" {
  description = "Where the data set lies."
  value       = local.location
}

output "database" {
  description = "Database in Glue."
  value       = module.catalog.database
}

output "workgroup" {
  description = "Workgroup of Athena."
  value       = module.athena.name
}

output "publisher_role" {
  description = "Role that publishes."
  value       = module.roles.publisher_arn
}

output "analyst_role" {
  description = "Role that asks."
  value       = module.roles.analyst_arn
}

output "next" {
  description = "What to run now: publish a data set, tell Glue which years it has, count it in Athena."
  value       = <<-EOT
    payloom generate --out data
    payloom publish data ${local.location} --region ${var.region}
    payloom register --location ${local.location} --database ${module.catalog.database} --region ${var.region}
    payloom count --athena ${module.athena.name} --location ${local.location} --database ${module.catalog.database} --region ${var.region}
  EOT
}

output "mwaa" {
  description = "Airflow, while it runs: its name, the host of its pages, and when it is deleted."
  value = var.enable_mwaa ? {
    name          = module.mwaa[0].name
    webserver_url = module.mwaa[0].webserver_url
    access_mode   = var.mwaa_webserver_access_mode
    delete_at     = module.mwaa[0].delete_at
    ttl_hours     = var.mwaa_ttl_hours
  } : null
}

output "ray_cluster" {
  description = "The file for `ray up`, with what Terraform knows."
  value       = var.enable_ray ? templatefile("${path.root}/../ray/cluster.yaml", module.ray[0].cluster) : null
}
