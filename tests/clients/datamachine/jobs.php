<?php
// The protocol's own PHP example; only address, user and password are from the environment.
require __DIR__ . '/wp.php';

$url = getenv('JOBS_URL');
$auth = base64_encode(getenv('JOBS_USER') . ':' . getenv('JOBS_PASSWORD'));

// Get jobs for specific flow
$params = http_build_query([
    'flow_id' => 42,
    'status' => 'failed',
    'per_page' => 50
]);

$response = wp_remote_get($url . '?' . $params, [
    'headers' => [
        'Authorization' => 'Basic ' . $auth
    ]
]);

if (!is_wp_error($response)) {
    $data = json_decode(wp_remote_retrieve_body($response), true);

    foreach ($data['data'] as $job) {
        error_log(sprintf(
            'Job %d failed: %s',
            $job['job_id'],
            $job['error_message']
        ));
    }
}
