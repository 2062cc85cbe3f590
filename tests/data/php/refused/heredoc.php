<?php
$CONFIG = array (
  'mail_from_address' => <<<TEXT
'overwritehost' => 'a.example',
TEXT,
);
