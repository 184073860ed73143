# The database and its tables, as payloom declares them: `scripts/write_glue_tables.py` writes tables.json.

locals {
  declared = jsondecode(file("${path.module}/tables.json"))
  tables   = { for table in local.declared.tables : table.name => table }
}

resource "aws_glue_catalog_database" "this" {
  name        = var.database
  description = local.declared.description
}

resource "aws_glue_catalog_table" "this" {
  for_each = local.tables

  database_name = aws_glue_catalog_database.this.name
  name          = each.key
  description   = each.value.description
  table_type    = "EXTERNAL_TABLE"

  parameters = merge(
    { for name, value in each.value.parameters : name => replace(value, local.declared.location, var.location) },
    length(each.value.partition_keys) == 0 ? {} : {
      "projection.year.range" = "${var.first_year},${var.last_year}"
    },
  )

  dynamic "partition_keys" {
    for_each = each.value.partition_keys

    content {
      name    = partition_keys.value.name
      type    = partition_keys.value.type
      comment = partition_keys.value.comment
    }
  }

  storage_descriptor {
    location      = replace(each.value.location, local.declared.location, var.location)
    input_format  = each.value.input_format
    output_format = each.value.output_format

    ser_de_info {
      serialization_library = each.value.serialization_library
      parameters            = each.value.serialization_parameters
    }

    dynamic "columns" {
      for_each = each.value.columns

      content {
        name    = columns.value.name
        type    = columns.value.type
        comment = columns.value.comment
      }
    }
  }

  lifecycle {
    # `payloom register` writes the years that the data set really has.
    ignore_changes = [parameters["projection.year.range"]]
  }
}
