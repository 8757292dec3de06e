# Backups of the tables, which themselves live on a disk: object stores are not supported in this version. Whoever restores
# one erases again: docs/privacy.md.
resource "google_storage_bucket" "backups" {
  # checkov:skip=CKV_GCP_62:access is in Cloud Audit Logs; a bucket of logs would be one more to protect
  name                        = var.backup_bucket
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    condition {
      age = var.backup_days
    }
    action {
      type = "Delete"
    }
  }

  # What was deleted or replaced goes too, or an erasure would never be whole.
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 1
    }
    action {
      type = "Delete"
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content {
      default_kms_key_name = encryption.value
    }
  }
}
