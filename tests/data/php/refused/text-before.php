
<?php
$CONFIG = array ();
