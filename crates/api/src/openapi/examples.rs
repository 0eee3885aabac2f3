//! An example of each body, by the name of its schema. A test checks that each schema has one and takes it.

use serde_json::{Value, json};

const GUID: &str = "770e8400-e29b-41d4-a716-446655440000";

/// The example of a schema.
pub(super) fn of(schema: &str) -> Option<Value> {
    Some(match schema {
        "SubmitBody" => json!({
            "jobName": "Weekly Process Analysis",
            "jobType": "ProcessMining",
            "priority": "Normal",
            "resource": {"resourceType": "Pipeline", "resourceId": GUID},
            "parameters": {"timeWindow": {"startDate": "2024-01-01", "endDate": "2024-01-07"}},
            "scheduling": {"executeImmediately": true, "scheduledTime": null, "timeoutMinutes": 120},
            "labels": {"team": "orders"},
        }),
        "BatchBody" => json!({"jobs": [{
            "idempotencyKey": "orders-2024-01",
            "jobName": "Weekly Process Analysis",
            "jobType": "ProcessMining",
            "resource": {"resourceType": "Pipeline", "resourceId": GUID},
        }]}),
        "BulkBody" => json!({"action": "cancel", "jobIds": [GUID], "reason": "The source was wrong"}),
        "PreviewBody" => json!({"action": "retry", "jobIds": [GUID]}),
        "BeginBody" => {
            json!({"set": "eyJhY3Rpb24iOiJyZXRyeSJ9.c2lnbmF0dXJl", "reason": "The source was wrong"})
        }
        "RetryBody" => json!({
            "retryReason": "Infrastructure issue resolved",
            "updatedParameters": {"timeoutMinutes": 180, "increaseMemoryLimit": true},
            "priority": "High",
        }),
        "CancelBody" => json!({"reason": "User requested cancellation", "preservePartialResults": true}),
        "PipelineBody" => json!({
            "name": "Customer Analytics Pipeline",
            "jobType": "ProcessMining",
            "datasetId": GUID,
            "schedule": {"cron": "0 6 * * MON-FRI", "timeZone": "Europe/Berlin"},
        }),
        "UploadBody" => json!({"name": "orders.csv", "mediaType": "text/csv", "size": 3_221_225_472_u64}),
        "ActivateBody" => json!({"jobType": "ProcessMining"}),
        "CapabilitiesDto" => json!({"http": {"hosts": ["api.example.com"], "secrets": ["CRM_TOKEN"]}}),
        "SavedBody" => json!({"query": "status=Failed&jobType=ProcessMining"}),
        "SecretBody" => json!({"value": "the-token"}),
        "TenantBody" => json!({"name": "Acme"}),
        "ProjectBody" => json!({"name": "Orders"}),
        "RenameBody" => json!({"name": "Acme International"}),
        "ProjectLimitsBody" => json!({
            "caps": {"memoryBytes": 536_870_912, "timeoutSeconds": 3600},
            "quotas": {"queuedJobs": 1000, "storedBytes": 10_000_000_000_u64},
        }),
        "TokenBody" => json!({"subject": "ann", "role": "submitter", "tenantId": GUID, "projectId": GUID}),
        "PasswordBody" => json!({"userName": "ann", "tenantId": GUID, "projectId": GUID}),
        "MailPolicyBody" => json!({"domains": ["example.com"], "emailsPerHour": 100}),
        "WebhookBody" => json!({"url": "https://hooks.example.com/fuelcell", "events": ["job.failed"]}),
        "WebhookChangeBody" => json!({"enabled": false}),
        "RotationBody" => json!({"overlapSeconds": 3600}),
        "DataMachineClearBody" => json!({"type": "failed", "cleanup_processed": false}),
        _ => return None,
    })
}
