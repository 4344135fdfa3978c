FROM python:3.11-slim

RUN useradd --create-home --uid 1000 threadline \
    && install --directory --owner threadline /data
COPY . /src
RUN pip install --no-cache-dir /src && rm -rf /src
USER threadline
VOLUME /data
ENTRYPOINT ["threadline"]
CMD ["--help"]
