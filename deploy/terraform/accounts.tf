# One account a job, each with one role on one resource. Nothing is granted on the project, and there are no keys.
resource "google_service_account" "listener" {
  account_id   = "tribometer-listen"
  display_name = "Tribometer: receives feedback"
}

resource "google_service_account" "publisher" {
  account_id   = "tribometer-publish"
  display_name = "Tribometer: publishes feedback"
}

resource "google_service_account" "backup" {
  account_id   = "tribometer-backup"
  display_name = "Tribometer: writes backups"
}

resource "google_pubsub_subscription_iam_member" "listener" {
  subscription = google_pubsub_subscription.listener.id
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.listener.member
}

resource "google_pubsub_topic_iam_member" "publisher" {
  topic  = google_pubsub_topic.feedback.id
  role   = "roles/pubsub.publisher"
  member = google_service_account.publisher.member
}

# May add, and neither read nor delete: who gets hold of it can destroy no backup.
resource "google_storage_bucket_iam_member" "backup" {
  bucket = google_storage_bucket.backups.name
  role   = "roles/storage.objectCreator"
  member = google_service_account.backup.member
}

# The service account of the pod acts as the listener: deploy/kubernetes/google-cloud.
resource "google_service_account_iam_member" "listener_pod" {
  service_account_id = google_service_account.listener.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[tribometer/tribometer-listen]"
}
