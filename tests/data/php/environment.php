<?php
$CONFIG = array (
  # The visitors' addresses, not the proxy's.
  'trusted_proxies'   => [ '10.42.0.0/24' ],
  
  "log_type" => "file",
  "logfile" => "/dev/stdout",
  "loglevel" => "1",

  #'overwritecondaddr' => '^10\.42\.0\..+$',
  'overwriteprotocol' => 'https',
  'overwritewebroot'  => strlen(getenv('PATH_PREFIX')) > 1 ? mb_substr(getenv('PATH_PREFIX'), 0, -1) : getenv('PATH_PREFIX'),
  'dbpassword' => getenv('DB_PASSWORD_FILE') ? trim(file_get_contents(getenv('DB_PASSWORD_FILE'))) : (string) getenv('DB_PASSWORD'),
);
