"""What query engines are told of a data set: statements, the Glue Data Catalog, a count by Athena."""
