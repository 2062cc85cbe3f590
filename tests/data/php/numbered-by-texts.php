<?php
$CONFIG = ['trusted_proxies' => ['0' => '192.0.2.1', '7' => '192.0.2.2'], 'installed' => true];
