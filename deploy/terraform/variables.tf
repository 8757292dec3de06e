variable "project" {
  description = "Project to make everything in."
  type        = string
}

variable "region" {
  description = "Where the bucket is, and where messages may be kept: your promise to the people who wrote them."
  type        = string
}

variable "topic" {
  description = "Topic that feedback is published into."
  type        = string
  default     = "feedback"
}

variable "subscription" {
  description = "Subscription the listener receives from."
  type        = string
  default     = "tribometer"
}

variable "check_schema" {
  description = "Have Pub/Sub refuse whatever is not a feedback_event. Only where all senders are your own programs."
  type        = bool
  default     = false
}

variable "backup_bucket" {
  description = "Bucket for backups of the tables; its name is unique in the world."
  type        = string
}

variable "backup_days" {
  description = "Backups are deleted after so many days. Erased people are in older ones until then."
  type        = number
  default     = 30
}

variable "kms_key" {
  description = "Key of yours that topics and bucket are encrypted with; null for Google's."
  type        = string
  default     = null
}

variable "notification_channels" {
  description = "Channels of Cloud Monitoring that alerts go to, by their full names."
  type        = list(string)
  default     = []
}
