<?php
// As much of WordPress's HTTP functions as the protocol's PHP example uses.

function wp_remote_get(string $url, array $arguments): array|false
{
    $headers = array_map(fn ($name, $value) => "$name: $value", array_keys($arguments['headers']), $arguments['headers']);
    $context = stream_context_create(['http' => ['header' => $headers, 'ignore_errors' => true]]);
    $body = file_get_contents($url, false, $context);
    return $body === false ? false : ['body' => $body];
}

function is_wp_error(mixed $response): bool
{
    return $response === false;
}

function wp_remote_retrieve_body(array $response): string
{
    return $response['body'];
}
