output "subscription" {
  description = "For tribometer listen --subscription."
  value       = google_pubsub_subscription.listener.id
}

output "topic" {
  description = "For whoever publishes."
  value       = google_pubsub_topic.feedback.id
}

output "listener_account" {
  description = "For the annotation in deploy/kubernetes/google-cloud."
  value       = google_service_account.listener.email
}
