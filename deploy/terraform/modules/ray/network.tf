# Public subnets, without a gateway that costs by the hour, and a group that lets in the cluster itself and ssh of its owner.

data "aws_region" "this" {}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:flow logs of a VPC that is used for some hours cost more than they tell
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# The default group lets everything in: emptied, so that nobody uses it by accident.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_subnet" "this" {
  #checkov:skip=CKV_AWS_130:Ray takes no other subnet for a cluster that is reached by ssh; the group lets nothing else in
  count = length(var.zones)

  vpc_id                  = aws_vpc.this.id
  cidr_block              = cidrsubnet(var.vpc_cidr, 4, count.index)
  availability_zone       = "${data.aws_region.this.name}${var.zones[count.index]}"
  map_public_ip_on_launch = true

  tags = { Name = "${var.name}-${var.zones[count.index]}" }
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route" "this" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "this" {
  count = length(var.zones)

  subnet_id      = aws_subnet.this[count.index].id
  route_table_id = aws_route_table.this.id
}

# Free, and the data do not leave Amazon's network.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${data.aws_region.this.name}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.this.id]

  tags = { Name = "${var.name}-s3" }
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:Ray attaches it to the machines that it launches
  name        = var.name
  description = "The machines of a Ray cluster among themselves, ssh of its owner, and their way out"
  vpc_id      = aws_vpc.this.id

  tags = { Name = var.name }
}

# Ray talks on many ports. Its token is asked for on each that does something; nobody else gets that far.
resource "aws_vpc_security_group_ingress_rule" "itself" {
  security_group_id            = aws_security_group.this.id
  description                  = "From its own members alone"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = var.ssh_cidrs

  security_group_id = aws_security_group.this.id
  description       = "ssh of who runs ray up"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_egress_rule" "itself" {
  security_group_id            = aws_security_group.this.id
  description                  = "To its own members"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "AWS, the package index and the image's packages, by TLS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
