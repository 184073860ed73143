#!/bin/sh
# Writes who may do what, from the environment and into memory, then starts the S3 server.
set -eu
umask 077
cat > /tmp/identities.json <<END
{"identities": [
  {"name": "admin",
   "credentials": [{"accessKey": "$S3_ADMIN_ACCESS_KEY", "secretKey": "$S3_ADMIN_SECRET_KEY"}],
   "actions": ["Admin", "Read", "Write", "List", "Tagging"]},
  {"name": "payloom",
   "credentials": [{"accessKey": "$PAYLOOM_S3_ACCESS_KEY", "secretKey": "$PAYLOOM_S3_SECRET_KEY"}],
   "actions": ["Read:$PAYLOOM_BUCKET", "Write:$PAYLOOM_BUCKET", "List:$PAYLOOM_BUCKET", "Tagging:$PAYLOOM_BUCKET"]},
  {"name": "mlflow",
   "credentials": [{"accessKey": "$MLFLOW_S3_ACCESS_KEY", "secretKey": "$MLFLOW_S3_SECRET_KEY"}],
   "actions": ["Read:mlflow", "Write:mlflow", "List:mlflow", "Tagging:mlflow"]}
]}
END
unset S3_ADMIN_ACCESS_KEY S3_ADMIN_SECRET_KEY PAYLOOM_S3_ACCESS_KEY PAYLOOM_S3_SECRET_KEY \
  MLFLOW_S3_ACCESS_KEY MLFLOW_S3_SECRET_KEY
# Port 8889 shows the buckets to a browser and takes nothing. As in AWS, writing makes no bucket; each bucket takes
# volumes, so there must be many.
exec /usr/bin/weed -logtostderr=true mini -dir=/data -ip=s3 -ip.bind=0.0.0.0 \
  -s3.config=/tmp/identities.json -s3.port=8333 -s3.port.iceberg=0 -s3.port.lance=0 -s3.autoCreateBucket=false \
  -master.port=9333 -master.volumeSizeLimitMB=1024 -master.telemetry=false -volume.max=100000 \
  -filer.port=8888 -filer.port.public=8889 -admin.ui=false -webdav=false
