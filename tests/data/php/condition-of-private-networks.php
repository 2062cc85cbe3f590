<?php
/**
 * Behind a proxy that ends TLS.
 */

$CONFIG = array(

    // ── Proxies ──────────────────────────────────────
    'trusted_proxies' => array(
        '172.16.0.0/12',
        '10.0.0.0/8',
    ),

    // ── Headers ──────────────────────────────────────
    'forwarded_for_headers' => array(
        'HTTP_X_FORWARDED_FOR',
    ),

    'overwriteprotocol' => 'https',
    'overwritehost'     => 'cloud.nextcloud.example',
    'overwritecondaddr' => '^172\\.1[6-9]\\.|^172\\.2[0-9]\\.|^172\\.3[0-1]\\.|^10\\.|^192\\.168\\.',
);
