"""Name every permission that the adapters need, once, and what it is needed for."""

from __future__ import annotations

from typing import Final

LIST_TABLES: Final = "dynamodb:ListTables"
DESCRIBE_TABLE: Final = "dynamodb:DescribeTable"
UPDATE_TABLE: Final = "dynamodb:UpdateTable"
GET_METRIC_DATA: Final = "cloudwatch:GetMetricData"
GET_METRIC_STATISTICS: Final = "cloudwatch:GetMetricStatistics"
PUBLISH: Final = "sns:Publish"
DESCRIBE_SCALABLE_TARGETS: Final = "application-autoscaling:DescribeScalableTargets"

PURPOSES: Final = {
    LIST_TABLES: "to find the tables that sections match; without it, plain names still work",
    DESCRIBE_TABLE: "to see what is provisioned, and whether it can be changed now",
    UPDATE_TABLE: "to change capacity; a dry run does without",
    GET_METRIC_DATA: "to see what was consumed and throttled",
    GET_METRIC_STATISTICS: "only in place of GetMetricData, where that is denied; takes many more calls",
    DESCRIBE_SCALABLE_TARGETS: "only with `skip-aws-autoscaled`, to see what AWS scales itself",
    PUBLISH: "for the messages that sections with `sns-topic-arn` ask for",
}
