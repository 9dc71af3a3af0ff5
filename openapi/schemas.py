"""What comes back. What comes in is checked, so it stands in models/; this is only declared."""

from marshmallow import EXCLUDE, INCLUDE, Schema, fields, validate

from models.order import STATUSES
from openapi.fields import Choice

# Lists of words that have a name in the document.
CHOICES = {
    "OrderStatus": STATUSES,
    "DependencyState": ("up", "down"),
    "DatabaseState": ("up", "read-only", "down"),
    "ReadinessStatus": ("ready", "degraded"),
}


class ResponseSchema(Schema):
    """Clients must expect new members: the document does not rule them out."""

    class Meta:
        unknown = EXCLUDE


class OpenAnswer(Schema):
    """One with members that are not named."""

    class Meta:
        unknown = INCLUDE


class MessageSchema(ResponseSchema):
    message = fields.String(required=True)


class RegisteredSchema(MessageSchema):
    userId = fields.String(required=True)


class AccountSchema(ResponseSchema):
    userId = fields.String(required=True)
    email = fields.String(required=True)
    role = fields.String(metadata={"description": "`admin`, or absent."})
    createdAt = fields.DateTime(required=True)


class TokenPairSchema(ResponseSchema):
    token = fields.String(required=True, metadata={"description": "The access token."})
    refreshToken = fields.String(required=True, metadata={"description": "Good for one refresh."})
    tokenType = fields.String(required=True, validate=validate.Equal("Bearer"))
    expiresIn = fields.Integer(required=True, metadata={"description": "Seconds that `token` lives."})


class OrderedItemSchema(ResponseSchema):
    productId = fields.String(required=True)
    quantity = fields.Integer(required=True)
    unitPrice = fields.Float(metadata={"description": "The price when it was ordered, if there was one."})


class OrderSchema(ResponseSchema):
    _id = fields.String(required=True)
    orderId = fields.String(required=True)
    userId = fields.String(required=True)
    items = fields.List(fields.Nested(OrderedItemSchema), required=True)
    totalAmount = fields.Float(required=True)
    currency = fields.String(
        metadata={"description": "Of all amounts (ISO 4217), if the shop had one set when it was ordered."}
    )
    status = Choice("OrderStatus", required=True)
    failureReason = fields.String(metadata={"description": "Why it is Failed, such as `cancelled`."})
    createdAt = fields.DateTime(required=True)
    updatedAt = fields.DateTime(required=True)


class EventSchema(OpenAnswer):
    """One thing that happened to an order."""

    at = fields.DateTime(required=True)
    event = fields.String(
        required=True,
        metadata={"description": "accepted, processed, failed, settled, mail_sent ..."},
    )


class EventsSchema(ResponseSchema):
    data = fields.List(fields.Nested(EventSchema), required=True)


class ProductSchema(ResponseSchema):
    productId = fields.String(required=True)
    stock = fields.Integer(required=True, metadata={"description": "Units that are free to sell."})
    inStock = fields.Boolean(required=True)
    price = fields.Float(metadata={"description": "Of one unit. Without it, clients send a totalAmount."})
    updatedAt = fields.DateTime(required=True, allow_none=True)


class PageSchema(ResponseSchema):
    hasMore = fields.Boolean(required=True)
    nextCursor = fields.String(required=True, allow_none=True, metadata={"description": "For `?cursor=`."})


class OrderPageSchema(PageSchema):
    data = fields.List(fields.Nested(OrderSchema), required=True)


class ProductPageSchema(PageSchema):
    data = fields.List(fields.Nested(ProductSchema), required=True)


class HomeSchema(ResponseSchema):
    """Addresses on this server."""

    name = fields.String(required=True)
    documentation = fields.String(required=True)
    board = fields.String(metadata={"description": "Where the local stack runs."})
    mailbox = fields.String(metadata={"description": "Where the local stack runs."})
    health = fields.String(required=True)
    openapi = fields.String(required=True)


class AliveSchema(ResponseSchema):
    status = fields.String(required=True, validate=validate.Equal("alive"))


class DependenciesSchema(ResponseSchema):
    mongodb = Choice("DatabaseState", required=True)
    redis = Choice("DependencyState", required=True)
    sqs = Choice("DependencyState", required=True)


def missing_indexes() -> fields.List[str]:
    """Indexes that `flask indexes create` would make."""
    return fields.List(
        fields.String(metadata={"example": "orders.idempotency.id_1"}),
        metadata={"description": "On /readyz, if any: indexes that `flask indexes create` makes."},
    )


class ReadinessSchema(ResponseSchema):
    status = Choice("ReadinessStatus", required=True)
    dependencies = fields.Nested(DependenciesSchema, required=True)
    missingIndexes = missing_indexes()
    mails = fields.String(
        metadata={"description": "`held: <reason>` while no mail goes out; it tells what SES finds wrong."}
    )


class MailSchema(ResponseSchema):
    id = fields.String(required=True, metadata={"description": "That of SES."})
    to = fields.String(required=True)
    subject = fields.String(required=True)
    text = fields.String(required=True)
    html = fields.String(required=True)
    status = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Processed, Cancelled or Failed, where the mail says it."},
    )
    sentAt = fields.DateTime(required=True)


class MailboxSchema(ResponseSchema):
    data = fields.List(fields.Nested(MailSchema), required=True)


class DocumentSchema(OpenAnswer):
    """An OpenAPI document."""

    openapi = fields.String(required=True)


class FieldErrorSchema(ResponseSchema):
    field = fields.String(required=True, metadata={"description": "A dotted path: `items.0.quantity`."})
    message = fields.String(required=True)


class ErrorKindSchema(ResponseSchema):
    type = fields.String(required=True, metadata={"format": "uri-reference"})
    code = fields.String(required=True)
    status = fields.Integer(required=True)
    title = fields.String(required=True)


class ErrorKindsSchema(ResponseSchema):
    data = fields.List(fields.Nested(ErrorKindSchema), required=True)


class ErrorExplanationSchema(ErrorKindSchema):
    happened = fields.String(required=True, metadata={"description": "What it means."})
    advice = fields.String(required=True, metadata={"description": "What to do about it."})
    answer = fields.Dict(required=True, metadata={"description": "An example: the body of such an answer."})


class ShortageSchema(ResponseSchema):
    productId = fields.String(required=True)
    requested = fields.Integer(required=True)
    available = fields.Integer(required=True)
