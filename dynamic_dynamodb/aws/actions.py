"""Name every permission that the adapters need, once."""

from __future__ import annotations

from typing import Final

LIST_TABLES: Final = "dynamodb:ListTables"
DESCRIBE_TABLE: Final = "dynamodb:DescribeTable"
UPDATE_TABLE: Final = "dynamodb:UpdateTable"
GET_METRIC_DATA: Final = "cloudwatch:GetMetricData"
GET_METRIC_STATISTICS: Final = "cloudwatch:GetMetricStatistics"
PUBLISH: Final = "sns:Publish"
