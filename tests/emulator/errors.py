"""The errors AWS answers with: code, message and HTTP status."""

from __future__ import annotations

ACCOUNT = "123456789012"
"""The account of all access keys that no control method has given to another one."""
USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/tester"

_CAPACITY = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
    "provisioning level with the UpdateTable API."
)
_EXPIRED = "The security token included in the request is expired"
_RATE = "Rate exceeded"
_UNAVAILABLE = "The service is temporarily unavailable. Please retry."

# code -> (HTTP status, message); a code that is not listed answers 400 with the code as its message.
KNOWN_ERRORS: dict[str, tuple[int, str]] = {
    "AccessDenied": (403, "{denied}"),
    "AccessDeniedException": (400, "{denied}"),
    "AuthorizationError": (403, "{denied}"),
    "ExpiredToken": (403, _EXPIRED),
    "ExpiredTokenException": (400, _EXPIRED),
    "InternalFailure": (500, "The request processing has failed because of an unknown error."),
    "InternalServerError": (500, "The request processing has failed because of an internal error."),
    "InternalServiceFault": (500, "The request processing has failed due to some unknown error."),
    "InvalidSignatureException": (
        400,
        "Signature expired: 20310101T0000Z is now earlier than 20310101T0015Z (20310101T0020Z - 5 min.)",
    ),
    "LimitExceededException": (
        400,
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day.",
    ),
    "ProvisionedThroughputExceededException": (400, _CAPACITY),
    "RequestExpired": (400, "Request has expired. Timestamp date is 2020-01-01T00:00:00Z."),
    "RequestLimitExceeded": (400, "Throughput exceeds the current throughput limit for your account."),
    "ResourceInUseException": (400, "Attempt to change a resource which is still in use: Table: {table}"),
    "ResourceNotFoundException": (400, "Requested resource not found: Table: {table} not found"),
    "ServiceUnavailable": (503, _UNAVAILABLE),
    "Throttling": (400, _RATE),
    "ThrottlingException": (400, _RATE),
    "UnrecognizedClientException": (400, "The security token included in the request is invalid."),
}


class ServiceError(Exception):
    """Carry one AWS error to the wire; a message of None leaves the member out of the answer."""

    def __init__(self, code: str, message: str | None, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def denied_message(user: str, permission: str, resource: str | None) -> str:
    """Return the message of AWS for a missing permission such as dynamodb:UpdateTable; `user` is an ARN."""
    where = f" on resource: {resource}" if resource else ""
    return (
        f"User: {user} is not authorized to perform: {permission}{where} "
        f"because no identity-based policy allows the {permission} action"
    )
