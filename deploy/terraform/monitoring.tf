# What only Pub/Sub itself can know: messages that no listener holds. The rest is in deploy/prometheus.
resource "google_monitoring_alert_policy" "nobody_receives" {
  display_name          = "Tribometer: feedback waits longer than ten minutes"
  combiner              = "OR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "age of the oldest message that is not acknowledged"
    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.listener.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      comparison      = "COMPARISON_GT"
      threshold_value = 600
      duration        = "600s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "No listener, or too few. docs/runbooks.md#lag-grows"
  }
}

resource "google_monitoring_alert_policy" "dead_letters" {
  display_name          = "Tribometer: messages in the dead-letter topic"
  combiner              = "OR"
  notification_channels = var.notification_channels

  conditions {
    display_name = "messages nobody could take"
    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.dead_letters.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "300s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "They were delivered a hundred times and never acknowledged. docs/runbooks.md#dead-letters-grow"
  }
}
