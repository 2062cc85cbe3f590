<?php
// The object store of config.php (`objectstore`): S3 by path, over plain http. The lab's S3 does not check
// signatures, so requests carry the credential's name only.
class StoreError extends Exception {}

function store_call(string $method, string $key, ?string $body = null): array {
    global $CONFIG;
    $to = $CONFIG['objectstore']['arguments'];
    $url = (empty($to['use_ssl']) ? 'http' : 'https') . '://' . $to['hostname'] . ':' . $to['port'] . '/' . $to['bucket'] . '/' . $key;
    $headers = [
        'Authorization: AWS4-HMAC-SHA256 Credential=' . $to['key'] . '/' . gmdate('Ymd') . '/' . $to['region'] . '/s3/aws4_request, SignedHeaders=host, Signature=' . str_repeat('0', 64),
        'Content-Type: application/octet-stream',
        'Connection: close',
    ];
    if ($body !== null) {
        $headers[] = 'Content-Length: ' . strlen($body);
    }
    $context = stream_context_create(['http' => ['method' => $method, 'header' => $headers, 'content' => $body ?? '', 'ignore_errors' => true, 'timeout' => 10]]);
    $answer = @file_get_contents($url, false, $context);
    if (!isset($http_response_header)) {
        throw new StoreError('The object store does not answer');
    }
    $etag = '';
    $length = '0';
    foreach ($http_response_header as $line) {
        if (stripos($line, 'etag:') === 0) {
            $etag = trim(substr($line, 5));
        } elseif (stripos($line, 'content-length:') === 0) {
            $length = trim(substr($line, 15));
        }
    }
    $status = (int) (explode(' ', $http_response_header[0])[1] ?? 0);
    if ($status >= 400 && $status !== 404) {
        throw new StoreError("The object store answered $status");
    }
    return ['status' => $status, 'etag' => $etag, 'length' => $length, 'body' => $answer];
}

function store_head(string $key): ?array {
    $answer = store_call('HEAD', $key);
    return $answer['status'] === 404 ? null : $answer;
}

function store_get(string $key): ?array {
    $answer = store_call('GET', $key);
    return $answer['status'] === 404 ? null : $answer;
}

function store_put(string $key, string $body): string {
    $answer = store_call('PUT', $key, $body);
    if ($answer['status'] !== 200) {
        throw new StoreError('The object store answered ' . $answer['status']);
    }
    return $answer['etag'];
}

function store_delete(string $key): void {
    store_call('DELETE', $key);
}
