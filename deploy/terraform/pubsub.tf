# The same as `tribometer pubsub init` makes; a test holds one against the other. docs/data-engineer.md says why each
# setting is what it is.

data "google_project" "this" {}

locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_schema" "feedback_event" {
  count      = var.check_schema ? 1 : 0
  name       = "tribometer-feedback-event-1"
  type       = "PROTOCOL_BUFFER"
  definition = file("${path.module}/../../schemas/wire/feedback_event.1.proto")
}

resource "google_pubsub_topic" "feedback" {
  # checkov:skip=CKV_GCP_83:a key of your own is yours to give, as kms_key
  name         = var.topic
  kms_key_name = var.kms_key

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  dynamic "schema_settings" {
    for_each = google_pubsub_schema.feedback_event
    content {
      schema   = schema_settings.value.id
      encoding = "JSON"
    }
  }
}

resource "google_pubsub_topic" "dead_letters" {
  # checkov:skip=CKV_GCP_83:a key of your own is yours to give, as kms_key
  name         = "${var.topic}-dead-letters"
  kms_key_name = var.kms_key

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "listener" {
  name                         = var.subscription
  topic                        = google_pubsub_topic.feedback.id
  ack_deadline_seconds         = 60
  message_retention_duration   = "604800s"
  enable_exactly_once_delivery = false

  # Never: one that nobody uses for 31 days would be deleted with what it holds.
  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = 100
  }

  depends_on = [google_pubsub_topic_iam_member.forwards]
}

resource "google_pubsub_subscription" "dead_letters" {
  name                         = "${var.subscription}-dead-letters"
  topic                        = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds         = 60
  message_retention_duration   = "604800s"
  enable_exactly_once_delivery = false

  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
}

# Without these two nothing is forwarded to the dead-letter topic.
resource "google_pubsub_topic_iam_member" "forwards" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "forwards" {
  subscription = google_pubsub_subscription.listener.id
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
