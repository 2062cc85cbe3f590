<?php
$CONFIG = array (
  'installed' => true,
  'dbpassword' => 'not-a-real-password',
);
?>


