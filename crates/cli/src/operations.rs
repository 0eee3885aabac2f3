//! Which operations of the API the command line calls. A test compares them with `openapi.json`: what is in neither list
//! fails it, and the compiler names what is declared here and not called.

/// One operation of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
}

macro_rules! operations {
    ($($name:ident = $method:literal $path:literal;)*) => {
        $(pub(crate) const $name: Operation = Operation { method: $method, path: $path };)*
        /// All of them, as (method, path).
        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$(($method, $path)),*];
    };
}

operations! {
    LIST_PASSWORDS = "GET" "/api/admin/application-passwords";
    CREATE_PASSWORD = "POST" "/api/admin/application-passwords";
    REVOKE_PASSWORD = "DELETE" "/api/admin/application-passwords/{passwordId}";
    LIST_AUDIT = "GET" "/api/admin/audit";
    GET_BACKUPS = "GET" "/api/admin/backups";
    BEGIN_BACKUP = "POST" "/api/admin/backups";
    SERVER_STATUS = "GET" "/api/admin/system";
    LIST_ENGINES = "GET" "/api/admin/engines";
    LIST_TENANTS = "GET" "/api/admin/tenants";
    CREATE_TENANT = "POST" "/api/admin/tenants";
    DELETE_TENANT = "DELETE" "/api/admin/tenants/{tenantId}";
    GET_TENANT = "GET" "/api/admin/tenants/{tenantId}";
    RENAME_TENANT = "PATCH" "/api/admin/tenants/{tenantId}";
    TENANT_CONTENTS = "GET" "/api/admin/tenants/{tenantId}/contents";
    LIST_PROJECTS = "GET" "/api/admin/tenants/{tenantId}/projects";
    CREATE_PROJECT = "POST" "/api/admin/tenants/{tenantId}/projects";
    DELETE_PROJECT = "DELETE" "/api/admin/tenants/{tenantId}/projects/{projectId}";
    GET_PROJECT = "GET" "/api/admin/tenants/{tenantId}/projects/{projectId}";
    RENAME_PROJECT = "PATCH" "/api/admin/tenants/{tenantId}/projects/{projectId}";
    PROJECT_CONTENTS = "GET" "/api/admin/tenants/{tenantId}/projects/{projectId}/contents";
    GET_LIMITS = "GET" "/api/admin/tenants/{tenantId}/projects/{projectId}/limits";
    PUT_LIMITS = "PUT" "/api/admin/tenants/{tenantId}/projects/{projectId}/limits";
    LIST_TOKENS = "GET" "/api/admin/tokens";
    CREATE_TOKEN = "POST" "/api/admin/tokens";
    REVOKE_TOKEN = "DELETE" "/api/admin/tokens/{tokenId}";
    USAGE = "GET" "/api/admin/usage";
    GET_SESSION = "GET" "/api/session";
    SYSTEM_STATUS = "GET" "/api/{tenantId}/execution/system/status";
    LIST_ACTIVATIONS = "GET" "/api/{tenantId}/{projectId}/activations";
    RESET_ACTIVATION = "DELETE" "/api/{tenantId}/{projectId}/activations/{jobType}";
    LIST_DATASETS = "GET" "/api/{tenantId}/{projectId}/datasets";
    DELETE_DATASET = "DELETE" "/api/{tenantId}/{projectId}/datasets/{datasetId}";
    GET_DATASET = "GET" "/api/{tenantId}/{projectId}/datasets/{datasetId}";
    PUT_DATASET = "PUT" "/api/{tenantId}/{projectId}/datasets/{datasetId}";
    DATASET_CONTENT = "GET" "/api/{tenantId}/{projectId}/datasets/{datasetId}/content";
    LIST_DELIVERIES = "GET" "/api/{tenantId}/{projectId}/deliveries";
    GET_DELIVERY = "GET" "/api/{tenantId}/{projectId}/deliveries/{deliveryId}";
    RESEND_DELIVERY = "POST" "/api/{tenantId}/{projectId}/deliveries/{deliveryId}/resend";
    LIST_BULK = "GET" "/api/{tenantId}/{projectId}/execution/bulk";
    BEGIN_BULK = "POST" "/api/{tenantId}/{projectId}/execution/bulk";
    PREVIEW_BULK = "POST" "/api/{tenantId}/{projectId}/execution/bulk/preview";
    GET_BULK = "GET" "/api/{tenantId}/{projectId}/execution/bulk/{bulkId}";
    LIST_BULK_JOBS = "GET" "/api/{tenantId}/{projectId}/execution/bulk/{bulkId}/jobs";
    STOP_BULK = "POST" "/api/{tenantId}/{projectId}/execution/bulk/{bulkId}/stop";
    PROJECT_EVENTS = "GET" "/api/{tenantId}/{projectId}/execution/events";
    SUBMIT_JOB = "POST" "/api/{tenantId}/{projectId}/execution/job";
    CANCEL_JOB = "DELETE" "/api/{tenantId}/{projectId}/execution/job/{jobId}";
    GET_JOB = "GET" "/api/{tenantId}/{projectId}/execution/job/{jobId}";
    DELETE_JOB = "DELETE" "/api/{tenantId}/{projectId}/execution/job/{jobId}/data";
    JOB_EVENTS = "GET" "/api/{tenantId}/{projectId}/execution/job/{jobId}/events";
    JOB_LOGS = "GET" "/api/{tenantId}/{projectId}/execution/job/{jobId}/logs";
    JOB_RESULTS = "GET" "/api/{tenantId}/{projectId}/execution/job/{jobId}/results";
    RETRY_JOB = "POST" "/api/{tenantId}/{projectId}/execution/job/{jobId}/retry";
    LIST_JOBS = "GET" "/api/{tenantId}/{projectId}/execution/jobs";
    SUBMIT_JOBS = "POST" "/api/{tenantId}/{projectId}/execution/jobs";
    CHANGE_JOBS = "POST" "/api/{tenantId}/{projectId}/execution/jobs/bulk";
    PING = "GET" "/api/{tenantId}/{projectId}/execution/ping";
    LIST_QUEUE = "GET" "/api/{tenantId}/{projectId}/execution/queue";
    LIST_JOB_TYPES = "GET" "/api/{tenantId}/{projectId}/job-types";
    GET_MAIL_POLICY = "GET" "/api/{tenantId}/{projectId}/mail-policy";
    PUT_MAIL_POLICY = "PUT" "/api/{tenantId}/{projectId}/mail-policy";
    LIST_MODULES = "GET" "/api/{tenantId}/{projectId}/modules";
    GET_MODULE = "GET" "/api/{tenantId}/{projectId}/modules/{name}";
    DELETE_GRANT = "DELETE" "/api/{tenantId}/{projectId}/modules/{name}/capabilities";
    GET_GRANT = "GET" "/api/{tenantId}/{projectId}/modules/{name}/capabilities";
    PUT_GRANT = "PUT" "/api/{tenantId}/{projectId}/modules/{name}/capabilities";
    DELETE_VERSION = "DELETE" "/api/{tenantId}/{projectId}/modules/{name}/versions/{version}";
    GET_VERSION = "GET" "/api/{tenantId}/{projectId}/modules/{name}/versions/{version}";
    PUT_VERSION = "PUT" "/api/{tenantId}/{projectId}/modules/{name}/versions/{version}";
    ACTIVATE_VERSION = "POST" "/api/{tenantId}/{projectId}/modules/{name}/versions/{version}/activate";
    VERSION_CONTENT = "GET" "/api/{tenantId}/{projectId}/modules/{name}/versions/{version}/content";
    LIST_PIPELINES = "GET" "/api/{tenantId}/{projectId}/pipelines";
    DELETE_PIPELINE = "DELETE" "/api/{tenantId}/{projectId}/pipelines/{pipelineId}";
    GET_PIPELINE = "GET" "/api/{tenantId}/{projectId}/pipelines/{pipelineId}";
    PUT_PIPELINE = "PUT" "/api/{tenantId}/{projectId}/pipelines/{pipelineId}";
    CLEAR_PROCESSED = "DELETE" "/api/{tenantId}/{projectId}/pipelines/{pipelineId}/processed";
    LIST_PROCESSED = "GET" "/api/{tenantId}/{projectId}/pipelines/{pipelineId}/processed";
    LIST_SAVED = "GET" "/api/{tenantId}/{projectId}/saved/{kind}";
    DELETE_SAVED = "DELETE" "/api/{tenantId}/{projectId}/saved/{kind}/{name}";
    GET_SAVED = "GET" "/api/{tenantId}/{projectId}/saved/{kind}/{name}";
    PUT_SAVED = "PUT" "/api/{tenantId}/{projectId}/saved/{kind}/{name}";
    LIST_SECRETS = "GET" "/api/{tenantId}/{projectId}/secrets";
    DELETE_SECRET = "DELETE" "/api/{tenantId}/{projectId}/secrets/{name}";
    PUT_SECRET = "PUT" "/api/{tenantId}/{projectId}/secrets/{name}";
    PROJECT_USAGE = "GET" "/api/{tenantId}/{projectId}/usage";
    PROJECT_HOURS = "GET" "/api/{tenantId}/{projectId}/usage/hours";
    LIST_UPLOADS = "GET" "/api/{tenantId}/{projectId}/uploads";
    BEGIN_UPLOAD = "POST" "/api/{tenantId}/{projectId}/uploads";
    DELETE_UPLOAD = "DELETE" "/api/{tenantId}/{projectId}/uploads/{uploadId}";
    GET_UPLOAD = "GET" "/api/{tenantId}/{projectId}/uploads/{uploadId}";
    APPEND_UPLOAD = "PATCH" "/api/{tenantId}/{projectId}/uploads/{uploadId}";
    LIST_WEBHOOKS = "GET" "/api/{tenantId}/{projectId}/webhooks";
    CREATE_WEBHOOK = "POST" "/api/{tenantId}/{projectId}/webhooks";
    DELETE_WEBHOOK = "DELETE" "/api/{tenantId}/{projectId}/webhooks/{webhookId}";
    GET_WEBHOOK = "GET" "/api/{tenantId}/{projectId}/webhooks/{webhookId}";
    CHANGE_WEBHOOK = "PATCH" "/api/{tenantId}/{projectId}/webhooks/{webhookId}";
    ROTATE_WEBHOOK = "POST" "/api/{tenantId}/{projectId}/webhooks/{webhookId}/secret";
    READYZ = "GET" "/readyz";
}

#[cfg(test)]
mod tests {
    use super::{ALL, READYZ};
    use std::collections::BTreeSet;

    /// What the command line does not call, and why. `fuelcell api` reaches these, too.
    const LEFT_OUT: &[(&str, &str, &str)] = &[
        ("POST", "/api/session", "makes the cookie of a browser; a command has its token"),
        ("DELETE", "/api/session", "ends the cookie of a browser"),
        ("GET", "/api/session/provider", "is for the page on which a browser signs in"),
        ("POST", "/api/session/provider", "sends a browser to an identity provider"),
        ("GET", "/api/session/callback", "is where an identity provider sends a browser back to"),
    ];

    #[test]
    fn the_command_line_does_what_the_api_does() {
        let document: serde_json::Value =
            serde_json::from_str(include_str!("../../../openapi.json")).unwrap();
        let mut offered = BTreeSet::new();
        // What lies outside is for machines and browsers: probes, signed links, another protocol for the same jobs.
        let is_ours = |path: &str| path.starts_with("/api/") || path == READYZ.path;
        for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| is_ours(path)) {
            let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
            let methods =
                methods.filter(|method| ["GET", "PUT", "POST", "PATCH", "DELETE"].contains(&&method[..]));
            offered.extend(methods.map(|method| (method, path.clone())));
        }
        let owned = |(method, path): (&str, &str)| (method.to_owned(), path.to_owned());
        let called: BTreeSet<_> = ALL.iter().copied().map(owned).collect();
        let left_out: BTreeSet<_> = LEFT_OUT.iter().map(|(method, path, _)| owned((method, path))).collect();
        assert!(offered.len() > 70, "{}", offered.len());
        let unknown: Vec<_> = called.iter().filter(|one| !offered.contains(*one)).collect();
        assert!(unknown.is_empty(), "the API has none of these: {unknown:?}");
        let both: Vec<_> = called.intersection(&left_out).collect();
        assert!(both.is_empty(), "called and left out: {both:?}");
        let missing: Vec<_> =
            offered.iter().filter(|one| !called.contains(*one) && !left_out.contains(*one)).collect();
        assert!(
            missing.is_empty(),
            "give these a command, or say in LEFT_OUT why they have none: {missing:?}"
        );
    }
}
