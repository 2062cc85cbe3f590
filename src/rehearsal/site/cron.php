<?php
// The stand-in's background job: leaves a line, so that it can be told which node ran it and when.
require __DIR__ . '/config/config.php';
file_put_contents($CONFIG['datadirectory'] . '/cron.log', gethostname() . ' ' . date('c') . "\n", FILE_APPEND);
