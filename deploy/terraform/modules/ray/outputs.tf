output "cluster" {
  description = "What deploy/ray/cluster.yaml leaves open."
  value = {
    name              = var.name
    region            = local.region
    image_id          = local.image_id
    subnet_ids        = jsonencode(aws_subnet.this[*].id)
    security_group_id = aws_security_group.this.id
    head_profile      = aws_iam_instance_profile.this["head"].name
    worker_profile    = aws_iam_instance_profile.this["worker"].name
  }
}
