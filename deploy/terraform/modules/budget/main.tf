# A mail when the account's month costs more than planned. It counts the whole account: a filter by tag works only after
# somebody has activated that tag for cost allocation, and would count nothing until then.

locals {
  alerts = {
    half     = { percent = 50, kind = "ACTUAL" }
    most     = { percent = 80, kind = "ACTUAL" }
    spent    = { percent = 100, kind = "ACTUAL" }
    expected = { percent = 100, kind = "FORECASTED" }
  }
}

resource "aws_budgets_budget" "this" {
  name         = var.name
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = format("%.2f", var.monthly_usd)
  limit_unit   = "USD"

  dynamic "notification" {
    for_each = local.alerts

    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.value.kind
      threshold                  = notification.value.percent
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.emails
    }
  }
}
